//! Lists whose pages go round.

/// Rows that are compared at once: fewer may come again for other reasons.
const WINDOW: usize = 16;
/// Any odd number makes a rolling sum; this one mixes well.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Recognises rows that come again and again, in constant memory: a window of rows is remembered at every power of
/// two and compared with all windows after it (Brent's way). A page that comes twice is no cycle: rows know their
/// repetitions. The third time is.
#[derive(Debug, Default)]
pub(super) struct Cycle {
    window: [u64; WINDOW],
    sum: u64,
    rows: u64,
    mark: Option<u64>,
    next_mark: u64,
    again: u32,
}

impl Cycle {
    /// Takes the fingerprint of the next row. Whether the rows go round.
    pub(super) fn goes_round(&mut self, fingerprint: u64) -> bool {
        let place = usize::try_from(self.rows % WINDOW as u64).unwrap_or(0);
        let oldest = std::mem::replace(&mut self.window[place], fingerprint);
        let weight = (1..WINDOW).fold(1_u64, |weight, _| weight.wrapping_mul(FACTOR));
        let rest = self.sum.wrapping_sub(oldest.wrapping_mul(weight));
        self.sum = rest.wrapping_mul(FACTOR).wrapping_add(fingerprint);
        self.rows += 1;
        if self.rows < WINDOW as u64 {
            return false;
        }
        if self.mark == Some(self.sum) {
            self.again += 1;
            return self.again >= 2;
        }
        if self.rows >= self.next_mark {
            (self.mark, self.again) = (Some(self.sum), 0);
            self.next_mark = self.rows.saturating_mul(2);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fingerprint(row: u64) -> u64 {
        row.wrapping_add(1).wrapping_mul(0xBF58_476D_1CE4_E5B9).rotate_left(31)
    }

    #[test]
    fn rows_of_an_honest_list_never_go_round() {
        let mut cycle = Cycle::default();
        assert!((0..200_000).all(|row| !cycle.goes_round(fingerprint(row))));
    }

    #[test]
    fn a_page_that_comes_twice_is_no_cycle() {
        let mut cycle = Cycle::default();
        let pages = (0..100).chain(0..100).chain(100..1_000);
        assert!(pages.into_iter().all(|row| !cycle.goes_round(fingerprint(row))));
    }

    proptest! {
        #[test]
        fn every_cycle_is_found_soon(before in 0_u64..3_000, length in 1_u64..3_000) {
            let mut cycle = Cycle::default();
            let rows = (0..before).chain((0..).map(|row| before + row % length));
            let bound = 8 * (before + length + WINDOW as u64);
            let found = rows.take(usize::try_from(bound).unwrap()).any(|row| cycle.goes_round(fingerprint(row)));
            prop_assert!(found, "not within {bound}");
        }
    }
}
