//! Steps of work, counted where tests run, so that they can say that work
//! grows with what there is and not with its square.
//!
//! Whatever goes through things one by one ticks for each. Instants would say
//! less: they depend on the machine. Without debug assertions this is nothing.

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
