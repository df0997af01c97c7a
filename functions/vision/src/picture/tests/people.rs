//! Faces, on real pictures that folders hold.

use super::files::png;
use super::*;

fn with_faces(bytes: &[u8], faces: FaceMode) -> Prepared {
    prepared_with(bytes, &Settings { faces, ..Settings::default() }).unwrap()
}

#[test]
fn none_where_nobody_is() {
    let bytes = png(&scene(300, 200));
    assert_eq!(prepared(&bytes).unwrap().faces, None, "not looked for");
    assert_eq!(with_faces(&bytes, FaceMode::Count).faces, Some(Faces { count: 0, blurred: false }));
    let tiny = png(&scene(5, 5));
    assert_eq!(with_faces(&tiny, FaceMode::Blur).faces, Some(Faces { count: 0, blurred: true }));
}

#[test]
fn an_astronaut_and_a_cat() {
    let Some(folder) = data_set("SKIMAGE_DIR", Some("skimage")) else { return };
    for (file, count) in [("astronaut.png", 1), ("chelsea.png", 0), ("coffee.png", 0)] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        assert_eq!(with_faces(&bytes, FaceMode::Count).faces.unwrap().count, count, "{file}");
    }
}

#[test]
fn hidden_faces_are_not_found_again() {
    let Some(folder) = data_set("RUSTFACE_DIR", Some("rustface")) else { return };
    let bytes = std::fs::read(folder.join("test.png")).unwrap();
    let plain = with_faces(&bytes, FaceMode::Count);
    let found = plain.faces.clone().unwrap().count;
    assert!(found >= 20, "{found} faces in a group of more than twenty");
    let hidden = with_faces(&bytes, FaceMode::Blur);
    assert_eq!(hidden.faces, Some(Faces { count: found, blurred: true }));
    assert_eq!(hidden.metrics, plain.metrics, "measured before faces are hidden");
    assert_ne!(hidden.jpeg, plain.jpeg);
    assert_ne!(hidden.thumbnail, plain.thumbnail);
    let left = with_faces(&hidden.jpeg, FaceMode::Count).faces.unwrap().count;
    assert!(left * 10 <= found, "{left} of {found} faces are still found");
}
