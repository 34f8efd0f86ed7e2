//! Several measurements of the same as one figure, and as cells of a table.

/// Not a number where there are no values.
pub(crate) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get((values.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN)
}

/// Median and spread of several rounds, as a table's cell.
pub(crate) fn cell(values: &[f64], decimals: usize) -> String {
    let known: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let (Some(least), Some(most)) = (known.iter().copied().reduce(f64::min), known.iter().copied().reduce(f64::max))
    else {
        return "–".to_owned();
    };
    let median = percentile(&known, 0.5);
    match known.len() {
        1 => format!("{median:.decimals$}"),
        _ => format!("{median:.decimals$} ({least:.decimals$} – {most:.decimals$})"),
    }
}

/// Median, smallest and largest of some measurements, as a table's cells.
pub(crate) fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    match (values.first(), values.last()) {
        (Some(first), Some(last)) => format!("{:.0} | {first:.0} – {last:.0}", values[values.len() / 2]),
        _ => "– | –".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_median_and_spread() {
        assert_eq!(cell(&[3.0, 1.0, 2.0], 0), "2 (1 – 3)");
        assert_eq!(cell(&[f64::NAN, 31.25], 1), "31.2");
        assert_eq!(cell(&[f64::NAN], 1), "–");
    }
}
