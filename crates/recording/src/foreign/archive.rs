//! Zip archives: one file in it that can be opened, and for a HAR of Playwright
//! the bodies that lie beside it.

use std::{collections::BTreeMap, io::BufReader};

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

use super::{
    HEAD_LEN, open_bytes,
    recognise::{Format, is_recording, is_zip, recognised},
};
use crate::{
    input::Input,
    limit::Limits,
    read::{ReadError, Recording, Stop, read_lines},
};

/// Files of an archive that are looked at.
const MOST_FILES: usize = 10_000;

/// Opens the file of an archive that can be opened.
pub(super) fn open(input: Input<'_>) -> Result<Recording, ReadError> {
    let limits = input.limits();
    let (bytes, broken) = input.whole();
    if let Some(broken) = broken {
        return Err(Stop::from(broken).at_once());
    }
    let Ok(archive) = ZipArchive::from_slice(&bytes[..]) else {
        return Err(Stop::Damaged("it is a zip archive that ends early".to_owned()).at_once());
    };
    let packed = Packed::of(&archive, limits);
    let mut ranked: Vec<(u8, &str)> = packed
        .files
        .keys()
        .filter_map(|name| Some((packed.rank(name)?, name.as_str())))
        .collect();
    ranked.sort_unstable();
    let Some(&(rank, name)) = ranked.first() else {
        return Err(ReadError::NotARecording {
            reason: packed.refusal().to_owned(),
        });
    };
    let mut recording = packed.open(name)?;
    let others = ranked.iter().filter(|(other, _)| *other == rank).count() - 1;
    let more = match others {
        0 => String::new(),
        _ => format!(", and {others} more of its files can be opened once it is unpacked"),
    };
    let shown: String = name.chars().take(80).collect();
    recording.notes.insert(
        0,
        format!("The file is a zip archive: {shown:?} in it was opened{more}."),
    );
    Ok(recording)
}

/// Files beside the one that is read.
#[derive(Default)]
pub(super) struct Attached<'a>(Option<&'a Packed<'a>>);

impl Attached<'_> {
    /// The bytes of a file, if it is there and within the limits.
    pub(super) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let (bytes, broken) = self.0?.input(name)?.whole();
        broken.is_none().then_some(bytes)
    }
}

struct File {
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
}

struct Packed<'a> {
    archive: &'a ZipSliceArchive<&'a [u8]>,
    files: BTreeMap<String, File>,
    limits: Limits,
}

impl<'a> Packed<'a> {
    fn of(archive: &'a ZipSliceArchive<&'a [u8]>, limits: Limits) -> Self {
        let mut files = BTreeMap::new();
        let mut entries = archive.entries();
        while let Ok(Some(entry)) = entries.next_entry()
            && files.len() < MOST_FILES
        {
            let method = entry.compression_method();
            let name = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
            let is_readable = [CompressionMethod::STORE, CompressionMethod::DEFLATE].contains(&method);
            if !entry.is_dir() && is_readable {
                let place = entry.wayfinder();
                files.insert(name, File { place, method });
            }
        }
        Self { archive, files, limits }
    }

    /// A file, unpacked as it is read.
    fn input(&self, name: &str) -> Option<Input<'a>> {
        let file = self.files.get(name)?;
        let data = self.archive.get_entry(file.place).ok()?.data();
        let packed_len = data.len() as u64;
        match file.method == CompressionMethod::DEFLATE {
            true => {
                let unpacked = BufReader::with_capacity(1 << 16, DeflateDecoder::new(data));
                Some(Input::unpacked(unpacked, packed_len, self.limits))
            }
            false => Some(Input::unpacked(data, packed_len, self.limits)),
        }
    }

    /// How well a file is fit to be opened, the least first; none where it is not.
    fn rank(&self, name: &str) -> Option<u8> {
        let mut input = self.input(name)?;
        let head = input.head(HEAD_LEN);
        if is_zip(head) {
            return None;
        }
        if is_recording(head) {
            return Some(0);
        }
        match recognised(head).ok()?? {
            Format::Har => Some(1),
            // Bodies that lie beside a HAR look like these.
            Format::EventStream | Format::Events => Some(3),
            _ => Some(2),
        }
    }

    fn open(&self, name: &str) -> Result<Recording, ReadError> {
        let Some(mut input) = self.input(name) else {
            return Err(ReadError::Empty);
        };
        if is_recording(input.head(HEAD_LEN)) {
            return read_lines(input);
        }
        let (bytes, broken) = input.whole();
        open_bytes(&bytes, broken, self.limits, &Attached(Some(self)))
    }

    fn refusal(&self) -> &'static str {
        let has = |test: fn(&str) -> bool| self.files.keys().any(|name| test(name));
        match () {
            () if has(|name| name.ends_with(".trace")) => {
                "it is a trace of Playwright, which is not read; let it write a HAR (recordHar) instead"
            }
            () if has(|name| name.starts_with("raw/") && name.ends_with("_c.txt")) => {
                "it is a session of Fiddler (SAZ), which is not read; export it as HAR"
            }
            () => "it is a zip archive without a file that can be opened",
        }
    }
}
