//! Pages made behind the bytes. (Stub until session::derive compiles.)
use crate::{Store, StoreError};
/// Version of the pages.
pub(crate) const DERIVE_VERSION: u32 = 1;
/// The deriver's thread; ends when dropped.
#[derive(Debug)]
pub struct Deriving {}
impl Store {
    /// Starts deriving in the background; one process at a time derives, the others stand by.
    ///
    /// # Errors
    /// When the store is read-only or the thread cannot be started.
    pub fn derive(&self) -> Result<Deriving, StoreError> {
        Ok(Deriving {})
    }
    /// Derives everything that is behind, here and now.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn derive_now(&self) -> Result<(), StoreError> {
        Ok(())
    }
    /// Forgets everything derived, and derives it again. Gives how many exchanges.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn reindex(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}
