//! Figures of how luma is spread.

use super::{Contrast, Exposure};

/// How many pixels have each luma.
pub(super) struct Histogram {
    counts: [u64; 256],
    total: f64,
}

impl Histogram {
    pub(super) fn of(luma: &[u8]) -> Self {
        // Neighbours are often equal: with one table each add would wait for the one before.
        let mut tables = [[0_u32; 256]; 4];
        let (fours, rest) = luma.as_chunks::<4>();
        for four in fours {
            for (table, luma) in tables.iter_mut().zip(four) {
                table[usize::from(*luma)] += 1;
            }
        }
        rest.iter().for_each(|luma| tables[0][usize::from(*luma)] += 1);
        let counts = std::array::from_fn(|level| tables.iter().map(|table| u64::from(table[level])).sum());
        Self { counts, total: luma.len() as f64 }
    }

    pub(super) fn exposure(&self) -> Exposure {
        Exposure {
            mean: self.mean(),
            p1: self.percentile(0.01),
            p99: self.percentile(0.99),
            black_share: self.share(0..=2),
            white_share: self.share(253..=255),
            entropy: self.entropy(),
        }
    }

    pub(super) fn contrast(&self) -> Contrast {
        let mean = self.mean();
        let squared: f64 = self.levels().map(|(level, count)| count * (level - mean).powi(2)).sum();
        let spread = self.percentile(0.99) - self.percentile(0.01);
        Contrast { sd: (squared / self.total).sqrt(), spread }
    }

    fn levels(&self) -> impl Iterator<Item = (f64, f64)> {
        self.counts.iter().enumerate().map(|(level, count)| (level as f64, *count as f64))
    }

    fn mean(&self) -> f64 {
        self.levels().map(|(level, count)| level * count).sum::<f64>() / self.total
    }

    /// The least luma that this share of the pixels does not exceed.
    fn percentile(&self, share: f64) -> u8 {
        let wanted = share * self.total;
        let mut seen = 0.0;
        let level = self.levels().position(|(_, count)| {
            seen += count;
            seen >= wanted
        });
        level.map_or(u8::MAX, |level| level as u8)
    }

    fn share(&self, levels: std::ops::RangeInclusive<usize>) -> f64 {
        self.counts[levels].iter().sum::<u64>() as f64 / self.total
    }

    fn entropy(&self) -> f64 {
        let bits = |count: f64| count / self.total * (self.total / count).log2();
        self.levels().filter(|(_, count)| *count > 0.0).map(|(_, count)| bits(count)).sum()
    }
}
