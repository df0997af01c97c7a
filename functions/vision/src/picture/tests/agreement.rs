//! OpenCV on the same pixels: `tests/peers/vision/metrics.py`, run by the Python that `OPENCV_PYTHON` names.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::compare::ssim;
use super::pixels::Gray;
use super::*;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/peers/vision/metrics.py");

#[test]
fn opencv_gives_the_same_figures() {
    let Some(python) = data_set("OPENCV_PYTHON", Some("opencv-python/bin/python")) else { return };
    let Some(folder) = data_set("SKIMAGE_DIR", Some("skimage")) else { return };
    let scratch = tempfile::tempdir().unwrap();
    let names = ["astronaut", "camera", "coffee", "chelsea", "brick", "coins", "page", "motorcycle_left"];
    let files: Vec<_> = names.iter().map(|name| scratch.path().join(name).with_extension("ppm")).collect();
    let pictures = names.map(|name| pixels(&fs::read(folder.join(name).with_extension("png")).unwrap()));
    for (file, picture) in files.iter().zip(&pictures) {
        write_ppm(file, picture);
    }
    let output = Command::new(python).arg(SCRIPT).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut differences = Vec::new();
    for ((name, picture), theirs) in names.iter().zip(&pictures).zip(theirs.as_array().unwrap()) {
        let luma = picture.luma();
        let ours = metrics::measure(&luma, picture, false);
        let mut check = |figure: &str, ours: f64| {
            let theirs = theirs[figure].as_f64().unwrap();
            if (ours - theirs).abs() > 0.001 * theirs.abs() {
                differences.push(format!("{name} {figure}: {ours}, OpenCV {theirs}"));
            }
        };
        check("sharpness", ours.sharpness);
        check("tenengrad", ours.tenengrad);
        check("mean", ours.exposure.mean);
        check("sd", ours.contrast.sd);
        check("p1", ours.exposure.p1.into());
        check("p99", ours.exposure.p99.into());
        check("black", ours.exposure.black_share);
        check("white", ours.exposure.white_share);
        check("entropy", ours.exposure.entropy);
        check("noise", ours.noise);
        check("ssim", ssim(&luma, &mirrored(&luma)));
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

fn write_ppm(file: &Path, picture: &Rgb) {
    let header = format!("P6\n{} {}\n255\n", picture.width, picture.height);
    fs::write(file, [header.as_bytes(), &picture.data].concat()).unwrap();
}

/// Left and right exchanged: something to compare with.
fn mirrored(luma: &Gray) -> Gray {
    let data = luma.data.chunks_exact(luma.width).flat_map(|row| row.iter().rev().copied()).collect();
    Gray { data, ..*luma }
}
