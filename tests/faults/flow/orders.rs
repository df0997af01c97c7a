//! A small table of orders, the same at every call.

use std::fmt::Write;

const CATEGORIES: [&str; 4] = ["Chairs", "Desks", "Lamps", "Paper"];
const REGIONS: [&str; 3] = ["North", "South", "West"];
/// Orders of two years.
const ORDERS: u64 = 1500;
const MONTH: u64 = 28;

/// CSV with its header.
pub(super) fn orders() -> String {
    let mut random = fastrand::Rng::with_seed(41);
    let mut table = "order_id,order_date,customer_id,product,category,region,quantity,sales,profit\n".to_owned();
    for number in 0..ORDERS {
        let day = number * 24 * MONTH / ORDERS;
        let date = format!("{}-{:02}-{:02}", 2023 + day / (12 * MONTH), day / MONTH % 12 + 1, day % MONTH + 1);
        let (customer, product) = (random.u32(..120), random.usize(..24));
        let (category, region) = (CATEGORIES[product % 4], REGIONS[random.usize(..3)]);
        let (quantity, cents) = (random.u32(1..9), random.u32(500..90_000));
        let profit = f64::from(cents) / 100.0 * (random.f64() * 0.5 - 0.1);
        let sales = f64::from(cents) / 100.0;
        let row = format!("{customer},P{product},{category},{region},{quantity},{sales:.2},{profit:.2}");
        writeln!(table, "O{number},{date},{row}").unwrap();
    }
    table
}
