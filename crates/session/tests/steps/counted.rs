//! Steps and allocated memory of the thread that works.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use scrubjay_session::steps;

use crate::{GROWTH, LITTLE_BYTES, LITTLE_STEPS};

thread_local! {
    static ALLOCATED: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

fn add(bytes: usize) {
    // Where a thread ends there is nothing left to count.
    ALLOCATED
        .try_with(|allocated| allocated.set(allocated.get() + 16 + bytes as u64))
        .unwrap_or_default();
}

#[expect(unsafe_code, reason = "an allocator that counts and hands everything on")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size.saturating_sub(layout.size()));
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What some work took.
pub(crate) struct Counted {
    pub(crate) steps: u64,
    pub(crate) allocated: u64,
}

impl Counted {
    /// How many times as much it is: steps and memory.
    pub(crate) fn over(&self, other: &Self) -> (f64, f64) {
        let times = |many: u64, few: u64| many as f64 / few.max(1) as f64;
        (times(self.steps, other.steps), times(self.allocated, other.allocated))
    }

    /// Whether this, of so many events, is no more than a quarter of the events allows.
    pub(crate) fn is_bounded_by(&self, few: &Self, events: u32) -> bool {
        let allowed = |few: u64, little: u64| few as f64 * GROWTH + (little * u64::from(events)) as f64;
        self.steps as f64 <= allowed(few.steps, LITTLE_STEPS)
            && self.allocated as f64 <= allowed(few.allocated, LITTLE_BYTES)
    }
}

/// Counts what work takes.
pub(crate) fn count(work: impl FnOnce()) -> Counted {
    let (steps, allocated) = (steps::taken(), ALLOCATED.get());
    work();
    Counted {
        steps: steps::taken() - steps,
        allocated: ALLOCATED.get() - allocated,
    }
}
