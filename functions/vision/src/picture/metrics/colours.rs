//! The most common colours, by the names that people give them.

use super::super::pixels::Rgb;
use super::ColourShare;

/// What each name stands for, in sRGB; a colour has the name that is nearest in Oklab (Ottosson, 2020).
const NAMES: [(&str, [u8; 3]); 27] = [
    ("black", [12, 12, 12]),
    ("dark grey", [64, 64, 64]),
    ("grey", [128, 128, 128]),
    ("light grey", [190, 190, 190]),
    ("white", [250, 250, 250]),
    ("dark brown", [60, 38, 22]),
    ("brown", [115, 75, 45]),
    ("tan", [200, 165, 125]),
    ("beige", [235, 220, 195]),
    ("maroon", [110, 20, 25]),
    ("red", [205, 35, 35]),
    ("orange", [235, 125, 30]),
    ("yellow", [240, 210, 50]),
    ("olive", [110, 110, 40]),
    ("dark green", [25, 70, 30]),
    ("green", [50, 145, 60]),
    ("light green", [155, 210, 150]),
    ("teal", [30, 125, 125]),
    ("turquoise", [80, 205, 205]),
    ("navy", [25, 30, 80]),
    ("blue", [40, 85, 200]),
    ("slate blue", [95, 115, 150]),
    ("sky blue", [150, 195, 235]),
    ("purple", [110, 50, 145]),
    ("lilac", [195, 165, 220]),
    ("magenta", [200, 50, 140]),
    ("pink", [245, 170, 190]),
];

/// A colour that fewer pixels have is not worth a name.
const MIN_SHARE: f64 = 0.05;
const MOST: usize = 5;

/// A colour's place, in Oklab.
type Lab = [f64; 3];

#[derive(Default, Clone, Copy)]
struct Bin {
    sums: [u64; 3],
    count: u64,
}

/// The most common colours with 5 % of the pixels or more, at most five, the most common first.
pub(super) fn dominant(picture: &Rgb) -> Vec<ColourShare> {
    let anchors = NAMES.map(|(_, colour)| oklab(colour));
    let mut named = [Bin::default(); NAMES.len()];
    for bin in bins(picture).iter().filter(|bin| bin.count > 0) {
        named[nearest(oklab(bin.mean()), &anchors)].add(bin);
    }
    let total = (picture.width * picture.height) as f64;
    let mut shares: Vec<ColourShare> = named
        .iter()
        .zip(NAMES)
        .filter(|(bin, _)| bin.count as f64 / total >= MIN_SHARE)
        .map(|(bin, (name, _))| ColourShare {
            name: name.to_owned(),
            hex: hex(bin.mean()),
            share: bin.count as f64 / total,
        })
        .collect();
    // Stable, so that equal shares keep the order of the names.
    shares.sort_by(|a, b| b.share.total_cmp(&a.share));
    shares.truncate(MOST);
    shares
}

/// Pixels that share the upper 5 bits of each sample are one colour: few thousand instead of a hundred thousand.
fn bins(picture: &Rgb) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); 1 << 15];
    for pixel in picture.data.chunks_exact(3) {
        let at = pixel.iter().fold(0, |at, sample| at << 5 | usize::from(sample >> 3));
        let bin = &mut bins[at];
        bin.count += 1;
        bin.sums.iter_mut().zip(pixel).for_each(|(sum, sample)| *sum += u64::from(*sample));
    }
    bins
}

impl Bin {
    fn mean(&self) -> [u8; 3] {
        self.sums.map(|sum| (sum / self.count.max(1)) as u8)
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.sums.iter_mut().zip(other.sums).for_each(|(sum, more)| *sum += more);
    }
}

fn nearest(colour: Lab, anchors: &[Lab]) -> usize {
    let distance = |anchor: &Lab| colour.iter().zip(anchor).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let mut best = (0, f64::INFINITY);
    for (at, anchor) in anchors.iter().enumerate() {
        let distance = distance(anchor);
        if distance < best.1 {
            best = (at, distance);
        }
    }
    best.0
}

/// sRGB to Oklab, where equal distances look about equally far (Björn Ottosson's published matrices).
fn oklab(colour: [u8; 3]) -> Lab {
    let [r, g, b] = colour.map(|sample| linear(f64::from(sample) / 255.0));
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

fn linear(sample: f64) -> f64 {
    if sample <= 0.040_45 { sample / 12.92 } else { ((sample + 0.055) / 1.055).powf(2.4) }
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
