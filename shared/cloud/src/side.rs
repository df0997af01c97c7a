//! Which of two sides of the storage a name belongs to, where a deployment has two.
//!
//! Conditional writes (leases, claims, whatever is kept once) must never succeed on both sides for one name, and clocks of
//! two stores cannot tell which of two writes came last. So the side of a name is told by the name alone, for every write
//! and deletion and whatever works at the moment: a name of which a segment begins with [`OF_SECOND`] belongs to the second
//! side for ever, every other one to the first. What cannot reach the side of a name fails; what may choose a new name
//! takes one of the other side. All functions of a deployment have the second side or none: one without it takes these
//! names for its own bucket's.

use object_store::path::Path;

/// How a segment begins that puts a name on the second side.
pub const OF_SECOND: &str = "side2.";

/// Whether a name belongs to the second side.
#[must_use]
pub fn is_of_second(location: &Path) -> bool {
    location.parts().any(|segment| segment.as_ref().starts_with(OF_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_that_begins_so_decides() {
        let check = |name: &str, expected: bool| assert_eq!(is_of_second(&Path::from(name)), expected, "{name}");
        check("", false);
        check("runs/financial_health_20260301/state.json", false);
        check("runs/side2.financial_health_20260301/state.json", true);
        check("results/side2.a.json", true);
        check("results/a-side2.json", false);
        check("results/side2", false);
        check("results/SIDE2.a", false);
    }
}
