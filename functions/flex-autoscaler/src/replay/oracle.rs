//! The cheapest sizes that anybody could have chosen, knowing the whole demand beforehand.

use super::model::{Prices, Sizes};

/// Sizes with the least cost, one for each sample. The machine begins at [`Sizes::start`] like everybody's.
///
/// Dynamic programming over (sample, size). All resizes cost the same, so the best predecessor is either the same
/// size or the cheapest of all.
#[must_use]
pub fn cheapest(demand: &[Option<f64>], sizes: Sizes, prices: Prices) -> Vec<u32> {
    let all: Vec<u32> = sizes.all().collect();
    let mut cost: Vec<f64> = all.iter().map(|&size| if size == sizes.start { 0.0 } else { f64::INFINITY }).collect();
    let mut came_from: Vec<Vec<u8>> = Vec::with_capacity(demand.len());
    for (step, &demand) in demand.iter().enumerate() {
        let (cheapest, before) = minimum(&cost);
        let switching = if step == 0 { f64::INFINITY } else { before + prices.resize() };
        let mut origins = vec![0; all.len()];
        for (index, &size) in all.iter().enumerate() {
            let stays = cost[index] <= switching;
            origins[index] = small(if stays { index } else { cheapest });
            cost[index] = if stays { cost[index] } else { switching } + prices.step(size, demand);
        }
        came_from.push(origins);
    }
    walk_back(&all, &came_from, minimum(&cost).0)
}

/// The path that ends at `last`.
fn walk_back(all: &[u32], came_from: &[Vec<u8>], last: usize) -> Vec<u32> {
    let mut index = last;
    let mut path: Vec<u32> = Vec::with_capacity(came_from.len());
    for origins in came_from.iter().rev() {
        path.push(all[index]);
        index = usize::from(origins[index]);
    }
    path.reverse();
    path
}

/// Place and value of the first of the smallest.
fn minimum(values: &[f64]) -> (usize, f64) {
    values.iter().copied().enumerate().fold((0, f64::INFINITY), |best, next| if next.1 < best.1 { next } else { best })
}

/// Places in a list of sizes, of which there are few.
fn small(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}
