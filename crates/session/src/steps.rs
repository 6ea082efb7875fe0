//! Counts steps of work in debug builds, so that a test can assert that work is
//! linear. A loop over events, items or values calls `tick` for each. Times
//! would depend on the machine.

#[cfg(debug_assertions)]
mod counter {
    use std::cell::Cell;

    thread_local! {
        static STEPS: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn add(count: u64) {
        STEPS.with(|steps| steps.set(steps.get().wrapping_add(count)));
    }

    pub(super) fn taken() -> u64 {
        STEPS.with(Cell::get)
    }
}

/// One step more.
#[inline]
pub(crate) fn tick() {
    ticks(1);
}

/// So many steps more.
#[inline]
pub(crate) fn ticks(count: usize) {
    #[cfg(debug_assertions)]
    counter::add(count as u64);
    #[cfg(not(debug_assertions))]
    let _ = count;
}

/// Steps of this thread so far; 0 where they are not counted.
pub fn taken() -> u64 {
    #[cfg(debug_assertions)]
    return counter::taken();
    #[cfg(not(debug_assertions))]
    0
}
