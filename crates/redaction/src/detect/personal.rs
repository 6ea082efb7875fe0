//! What points at a person: e-mail, telephone, cards, accounts.

use std::{ops::Range, str::FromStr as _, sync::LazyLock};

use iban::Iban;

use super::{Find, Pattern, after, before, pattern};

static EMAIL: Pattern = LazyLock::new(|| {
    pattern(
        r"[\p{L}\p{N}][\p{L}\p{N}._%+'-]*@[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,24}",
    )
});
/// With the number of a country.
static ABROAD: Pattern = LazyLock::new(|| pattern(r"(?:\+|00)[1-9](?:[ ./()-]{0,2}\d){7,14}"));
/// North America: three, three and four.
static NORTH_AMERICA: Pattern = LazyLock::new(|| pattern(r"(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}"));
/// An area that begins with a nought, as in most of Europe.
static AREA: Pattern = LazyLock::new(|| pattern(r"\(?0[1-9]\d{1,4}\)?[ /-]{1,3}\d{3,5}(?:[ -]?\d{2,5}){1,2}"));
static CARD: Pattern = LazyLock::new(|| pattern(r"\d(?:[ -]?\d){12,18}"));
static ACCOUNT: Pattern = LazyLock::new(|| pattern(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"));

/// Endings of file names and of hosts in code that look like the end of an address.
const NO_DOMAINS: [&str; 22] = [
    "png", "jpg", "jpeg", "gif", "svg", "webp", "js", "mjs", "cjs", "ts", "tsx", "jsx", "css", "scss", "html", "json",
    "md", "rs", "py", "java", "class", "local",
];

pub(super) fn find(text: &str, finds: &mut Vec<Find>) {
    if text.contains('@') {
        emails(text, finds);
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits >= 9 {
        phones(text, finds);
        accounts(text, finds);
    }
    if digits >= 13 {
        cards(text, finds);
    }
}

fn emails(text: &str, finds: &mut Vec<Find>) {
    for found in EMAIL.find_iter(text) {
        let ending = found.as_str().rsplit('.').next().unwrap_or_default().to_lowercase();
        if !NO_DOMAINS.contains(&ending.as_str()) && after(text, found.end()) != Some('(') {
            finds.push(Find {
                range: found.range(),
                rule: "email",
            });
        }
    }
}

/// Looks at what a pattern matches; where that is nothing, what begins inside of it is looked at, too: a digit that
/// stands before a number is no part of it.
fn each(pattern: &Pattern, text: &str, mut take: impl FnMut(Range<usize>) -> Option<Find>, finds: &mut Vec<Find>) {
    let mut at = 0;
    while let Some(found) = pattern.find_at(text, at) {
        let find = take(found.range());
        let first_len = found.as_str().chars().next().map_or(1, char::len_utf8);
        at = find.as_ref().map_or(found.start() + first_len, |find| find.range.end);
        finds.extend(find);
    }
}

fn phones(text: &str, finds: &mut Vec<Find>) {
    let is_phone = |range: Range<usize>| {
        let number = &text[range.clone()];
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        // A group of digits before it makes it a part of another number.
        let is_part = number.starts_with('0')
            && text[..range.start]
                .trim_end()
                .ends_with(|char: char| char.is_ascii_digit());
        let is_phone =
            !is_part && stands_alone(text, range.clone()) && (9..=15).contains(&digits) && !is_plain_count(number);
        is_phone.then_some(Find { range, rule: "phone" })
    };
    for pattern in [&ABROAD, &NORTH_AMERICA, &AREA] {
        each(pattern, text, is_phone, finds);
    }
}

/// Digits without any mark are a number, unless a country stands before them.
fn is_plain_count(value: &str) -> bool {
    !value.starts_with('+') && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether digits are no part of something longer.
fn stands_alone(text: &str, range: Range<usize>) -> bool {
    let ends = |char: Option<char>| {
        !char.is_some_and(|char| char.is_alphanumeric() || matches!(char, '_' | '-' | '+' | '/' | '#'))
    };
    let is_decimal = matches!(before(text, range.start), Some('.' | ','))
        || (matches!(after(text, range.end), Some('.' | ','))
            && text[range.end + 1..].starts_with(|char: char| char.is_ascii_digit()));
    ends(before(text, range.start)) && ends(after(text, range.end)) && !is_decimal
}

fn cards(text: &str, finds: &mut Vec<Find>) {
    let is_card = |range: Range<usize>| {
        let number = &text[range.clone()];
        let digits = number.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0');
        let is_card = stands_alone(text, range.clone()) && is_card(&digits.collect::<Vec<u8>>()) && is_grouped(number);
        is_card.then_some(Find { range, rule: "card" })
    };
    each(&CARD, text, is_card, finds);
}

/// Whether digits are those of a card: an issuer, its length, and the check digit (ISO/IEC 7812).
fn is_card(digits: &[u8]) -> bool {
    let head = |len: usize| {
        digits[..len]
            .iter()
            .fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit))
    };
    let is_issued = match (head(1), head(2), head(4), digits.len()) {
        (4, ..) => matches!(digits.len(), 13 | 16 | 19),
        (_, 51..=55, ..) | (_, _, 2221..=2720, _) => digits.len() == 16,
        (_, 34 | 37, ..) => digits.len() == 15,
        (_, 36 | 38 | 39, ..) => digits.len() == 14,
        (_, 35 | 65, ..) | (_, _, 6011 | 6440..=6499, _) => digits.len() == 16,
        (_, 62 | 50 | 56..=58, ..) | (_, _, 6304 | 6759 | 6761..=6763, _) => (16..=19).contains(&digits.len()),
        _ => false,
    };
    let is_one_digit = digits.iter().all(|digit| *digit == digits[0]);
    let doubled = |(place, digit): (usize, &u8)| match place % 2 {
        0 => u32::from(*digit),
        _ => u32::from(digit * 2 % 10 + digit * 2 / 10),
    };
    let sum: u32 = digits.iter().rev().enumerate().map(doubled).sum();
    is_issued && !is_one_digit && sum.is_multiple_of(10)
}

/// Without blanks, or in groups as on a card.
fn is_grouped(text: &str) -> bool {
    let groups: Vec<usize> = text.split([' ', '-']).map(str::len).collect();
    groups.len() == 1
        || groups == [4, 6, 5]
        || groups == [4, 6, 4]
        || groups[..groups.len() - 1].iter().all(|len| *len == 4)
}

fn accounts(text: &str, finds: &mut Vec<Find>) {
    let is_account = |range: Range<usize>| {
        let number = &text[range.clone()];
        // The pattern may have taken a word behind the number along.
        let ends = number
            .char_indices()
            .rev()
            .filter(|(_, char)| *char == ' ')
            .map(|(at, _)| at);
        let is_whole = |len: &usize| {
            let plain: String = number[..*len].chars().filter(|char| *char != ' ').collect();
            Iban::from_str(&plain).is_ok()
        };
        let len = std::iter::once(number.len())
            .chain(ends)
            .filter(|len| *len >= 15)
            .find(is_whole)?;
        let range = range.start..range.start + len;
        stands_alone(text, range.clone()).then_some(Find { range, rule: "iban" })
    };
    each(&ACCOUNT, text, is_account, finds);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, &str)> {
        let mut finds = Vec::new();
        find(text, &mut finds);
        finds.into_iter().map(|find| (find.rule, &text[find.range])).collect()
    }

    #[test]
    fn people_are_found() {
        for (text, rule, value) in [
            (
                "ask ada.lovelace+x@example.co.uk.",
                "email",
                "ada.lovelace+x@example.co.uk",
            ),
            ("jürgen@müller.de", "email", "jürgen@müller.de"),
            ("call +49 30 1234567 now", "phone", "+49 30 1234567"),
            ("call (415) 555-2671", "phone", "(415) 555-2671"),
            ("Tel. 030/1234 5678", "phone", "030/1234 5678"),
            ("4111 1111 1111 1111", "card", "4111 1111 1111 1111"),
            ("R8 4111 1111 1111 1111", "card", "4111 1111 1111 1111"),
            ("amex 378282246310005", "card", "378282246310005"),
            (
                "IBAN DE89 3704 0044 0532 0130 00 BIC",
                "iban",
                "DE89 3704 0044 0532 0130 00",
            ),
            ("GB82WEST12345698765432", "iban", "GB82WEST12345698765432"),
        ] {
            assert!(found(text).contains(&(rule, value)), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn numbers_and_names_are_nothing() {
        for text in [
            "4111 1111 1111 1112",
            "1717171717171717",
            "icon@2x.png",
            "@ag-ui/client@1.0.0",
            "2024-11-05 10:20:30.123456",
            "550e8400-e29b-41d4-a716-446655440000",
            "3.14159265358979",
            "DE89 3704 0044 0532 0130 01",
            "192.168.100.200:5290",
            "CHANGELOG.md#060-2024-04-26",
        ] {
            assert_eq!(found(text), [("", ""); 0], "{text}");
        }
    }
}
