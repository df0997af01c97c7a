//! What `aws-smithy-checksums` uses of the crate `crc-fast`: CRC-32, CRC-32C and CRC-64/NVME, by crates that are built for
//! one of them each.
//!
//! The published crate chooses among a hundred algorithms when it runs, so every program that can speak to S3 held the
//! tables of all of them: 648 KB of constants and 45 KB of code in each function, of which S3 needs 60 KB. The names are
//! those of the published crate, whose version this one has; a part of it that the SDK begins to use does not compile here.
//! CRC-64/NVME goes by a table of 32 KB and not by vector instructions, which is slower, and faster than S3 sends.

use std::fmt;

use crc::{CRC_64_NVME, Crc, Table};

/// Sixteen bytes a step.
static CRC_64: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_NVME);

/// A checksum's algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// CRC-32 as in zip: `x-amz-checksum-crc32`.
    Crc32IsoHdlc,
    /// CRC-32C as in iSCSI: `x-amz-checksum-crc32c`.
    Crc32Iscsi,
    /// CRC-64/NVME: `x-amz-checksum-crc64nvme`.
    Crc64Nvme,
}

/// A checksum of bytes that come piece by piece.
pub struct Digest(State);

enum State {
    IsoHdlc(crc32fast::Hasher),
    Iscsi(u32),
    Nvme(crc::Digest<'static, u64, Table<16>>),
}

impl Digest {
    /// Of no bytes yet.
    #[must_use]
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::IsoHdlc(crc32fast::Hasher::new()),
            CrcAlgorithm::Crc32Iscsi => State::Iscsi(0),
            CrcAlgorithm::Crc64Nvme => State::Nvme(CRC_64.digest()),
        })
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::IsoHdlc(hasher) => hasher.update(bytes),
            State::Iscsi(sum) => *sum = crc32c::crc32c_append(*sum, bytes),
            State::Nvme(digest) => digest.update(bytes),
        }
    }

    /// The checksum so far. One of 32 bits is in the lower half.
    #[must_use]
    pub fn finalize(&self) -> u64 {
        match &self.0 {
            State::IsoHdlc(hasher) => hasher.clone().finalize().into(),
            State::Iscsi(sum) => u64::from(*sum),
            State::Nvme(digest) => digest.clone().finalize(),
        }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Digest").field(&format_args!("{:x}", self.finalize())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values are those of the catalogue of CRC algorithms (<https://reveng.sourceforge.io/crc-catalogue/>).
    #[test]
    fn check_values_come_out_however_the_bytes_arrive() {
        for (algorithm, expected) in [
            (CrcAlgorithm::Crc32IsoHdlc, 0xcbf4_3926),
            (CrcAlgorithm::Crc32Iscsi, 0xe306_9283),
            (CrcAlgorithm::Crc64Nvme, 0xae8b_1486_0a79_9888),
        ] {
            for length in 1..=9 {
                let mut digest = Digest::new(algorithm);
                for piece in b"123456789".chunks(length) {
                    digest.update(piece);
                }
                assert_eq!(digest.finalize(), expected, "{algorithm:?} in pieces of {length}");
                assert_eq!(digest.finalize(), expected, "asking again changes nothing");
            }
        }
    }

    #[test]
    fn nothing_has_the_checksum_nought() {
        for algorithm in [CrcAlgorithm::Crc32IsoHdlc, CrcAlgorithm::Crc32Iscsi, CrcAlgorithm::Crc64Nvme] {
            assert_eq!(Digest::new(algorithm).finalize(), 0, "{algorithm:?}");
        }
    }
}
