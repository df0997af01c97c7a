//! Minimising without derivatives: the Nelder-Mead simplex.

/// Where a search ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The point.
    pub at: Vec<f64>,
    /// The function's value there.
    pub value: f64,
    /// Evaluations of the function.
    pub evaluations: usize,
    /// Whether the simplex became as small as asked for.
    pub converged: bool,
}

/// Most evaluations of one search.
const MAX_EVALUATIONS: usize = 4000;
/// Relative difference of the function's values over the simplex at which a search ends.
const TOLERANCE: f64 = 1e-12;

/// Searches for a minimum from `start`, with a simplex of edge `step`, and once more from where that ended.
///
/// Reflection 1, expansion 2, contraction and shrinking 1/2 (Nelder and Mead 1965). Values that are not finite
/// count as infinitely large. The search is the same for the same input.
pub fn nelder_mead(start: &[f64], step: f64, function: impl Fn(&[f64]) -> f64) -> Minimum {
    let first = search(start, step, &function);
    let second = search(&first.at, step / 4.0, &function);
    Minimum { evaluations: first.evaluations + second.evaluations, ..second }
}

type Vertex = (Vec<f64>, f64);

fn search(start: &[f64], step: f64, function: &impl Fn(&[f64]) -> f64) -> Minimum {
    let mut evaluations = 0;
    let mut at = |point: Vec<f64>| -> Vertex {
        evaluations += 1;
        let value = function(&point);
        (point, if value.is_nan() { f64::INFINITY } else { value })
    };
    let mut simplex = vec![at(start.to_vec())];
    for axis in 0..start.len() {
        let mut point = start.to_vec();
        point[axis] += step;
        simplex.push(at(point));
    }
    let mut used = simplex.len();
    let mut converged = false;
    while used < MAX_EVALUATIONS {
        simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (simplex[0].1, simplex[start.len()].1);
        if (worst - best).abs() <= TOLERANCE * (best.abs() + TOLERANCE) {
            converged = best.is_finite();
            break;
        }
        used += improve(&mut simplex, &mut at);
    }
    simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (point, value) = simplex.swap_remove(0);
    Minimum { at: point, value, evaluations, converged }
}

/// One step of the simplex, whose vertices are in rising order; gives the evaluations it took.
fn improve(simplex: &mut [Vertex], at: &mut impl FnMut(Vec<f64>) -> Vertex) -> usize {
    let last = simplex.len() - 1;
    let centre: Vec<f64> =
        (0..last).map(|axis| simplex[..last].iter().map(|vertex| vertex.0[axis]).sum::<f64>() / last as f64).collect();
    let along = |from: &[f64], factor: f64| -> Vec<f64> {
        centre.iter().zip(from).map(|(c, w)| c + factor * (w - c)).collect()
    };
    let worst = simplex[last].clone();
    let reflected = at(along(&worst.0, -1.0));
    if reflected.1 < simplex[0].1 {
        let expanded = at(along(&worst.0, -2.0));
        simplex[last] = if expanded.1 < reflected.1 { expanded } else { reflected };
        return 2;
    }
    if reflected.1 < simplex[last - 1].1 {
        simplex[last] = reflected;
        return 1;
    }
    let factor = if reflected.1 < worst.1 { -0.5 } else { 0.5 };
    let contracted = at(along(&worst.0, factor));
    if contracted.1 < worst.1.min(reflected.1) {
        simplex[last] = contracted;
        return 2;
    }
    let best = simplex[0].0.clone();
    for vertex in &mut simplex[1..] {
        *vertex = at(best.iter().zip(&vertex.0).map(|(b, v)| b + (v - b) / 2.0).collect());
    }
    2 + last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rosenbrock_is_minimal_at_one() {
        let banana = |p: &[f64]| (1.0 - p[0]).powi(2) + 100.0 * (p[1] - p[0] * p[0]).powi(2);
        let found = nelder_mead(&[-1.2, 1.0], 0.5, banana);
        assert!(found.converged && found.at.iter().all(|x| (x - 1.0).abs() < 1e-5), "{found:?}");
    }

    #[test]
    fn a_function_without_values_does_not_converge() {
        let found = nelder_mead(&[0.0], 1.0, |_| f64::NAN);
        assert!(!found.converged && found.value.is_infinite());
    }
}
