//! The places the playhead has been, to go back to.

/// A list of places with a cursor; at most 200.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    back: Vec<(i64, u32)>,
    forward: Vec<(i64, u32)>,
}

impl Trail {
    /// The playhead leaves `here` for somewhere else by a jump.
    pub fn leave(&mut self, here: (i64, u32)) {
        if self.back.last() != Some(&here) {
            self.back.push(here);
        }
        if self.back.len() > 200 {
            self.back.remove(0);
        }
        self.forward.clear();
    }

    /// Goes back; `here` can be returned to.
    pub fn back(&mut self, here: (i64, u32)) -> Option<(i64, u32)> {
        let place = self.back.pop()?;
        self.forward.push(here);
        Some(place)
    }

    /// Goes forward again.
    pub fn forward(&mut self, here: (i64, u32)) -> Option<(i64, u32)> {
        let place = self.forward.pop()?;
        self.back.push(here);
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_and_forward() {
        let mut trail = Trail::default();
        trail.leave((1, 10));
        trail.leave((1, 50));
        assert_eq!(trail.back((2, 7)), Some((1, 50)));
        assert_eq!(trail.back((1, 50)), Some((1, 10)));
        assert_eq!(trail.back((1, 10)), None);
        assert_eq!(trail.forward((1, 10)), Some((1, 50)));
        trail.leave((1, 50));
        assert_eq!(trail.forward((1, 60)), None);
    }
}
