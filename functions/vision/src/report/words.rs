//! The words that a model may answer with, and that a report uses. Each list but that of damage has `unknown`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A word of a closed list.
pub trait Word: Copy + Sized + 'static {
    /// Every word, in the order of the type.
    const ALL: &'static [Self];

    /// The word as it is written in JSON.
    fn word(self) -> &'static str;

    /// The value that is spelt exactly so.
    #[must_use]
    fn from_word(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.word() == text)
    }
}

/// Declares a closed list of words as an enum that knows the spelling of each.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$word_about:meta])* $word:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$word_about])* #[serde(rename = $text)] $word),+
        }

        impl Word for $name {
            const ALL: &'static [Self] = &[$(Self::$word),+];

            fn word(self) -> &'static str {
                match self { $(Self::$word => $text),+ }
            }
        }
    };
}

words! {
    /// How bad a damage is. The order is that of badness; `unknown` stands outside of it.
    Severity {
        /// There is none.
        None = "none",
        /// It would not trouble the receiver.
        Minor = "minor",
        /// The contents may have suffered.
        Moderate = "moderate",
        /// The contents have probably suffered.
        Severe = "severe",
        /// It cannot be told.
        Unknown = "unknown",
    }
}

words! {
    /// An answer to a question of yes or no.
    Tri {
        /// Yes.
        Yes = "yes",
        /// No.
        No = "no",
        /// It cannot be told.
        Unknown = "unknown",
    }
}

words! {
    /// What a photograph shows as a whole.
    SceneType {
        /// A parcel where it was delivered.
        Delivery = "delivery",
        /// A parcel alone.
        Package = "package",
        /// An entrance.
        Entrance = "entrance",
        /// Something else.
        Other = "other",
        /// It cannot be told.
        Unknown = "unknown",
    }
}

words! {
    /// Where a parcel lies.
    Place {
        /// Before a door.
        Doorstep = "doorstep",
        /// On a porch.
        Porch = "porch",
        /// In or at a mailbox.
        Mailbox = "mailbox",
        /// On a driveway.
        Driveway = "driveway",
        /// At an entrance.
        Entrance = "entrance",
        /// Within a building.
        Inside = "inside",
        /// Somewhere else.
        Other = "other",
        /// It cannot be told.
        Unknown = "unknown",
    }
}

words! {
    /// The weather.
    Weather {
        /// Dry and bright.
        Clear = "clear",
        /// Rain.
        Rainy = "rainy",
        /// Clouds.
        Cloudy = "cloudy",
        /// Snow.
        Snowy = "snowy",
        /// It cannot be told.
        Unknown = "unknown",
    }
}

words! {
    /// The time of the day.
    TimeOfDay {
        /// Morning.
        Morning = "morning",
        /// Afternoon.
        Afternoon = "afternoon",
        /// Evening.
        Evening = "evening",
        /// Night.
        Night = "night",
        /// It cannot be told.
        Unknown = "unknown",
    }
}

words! {
    /// A kind of thing that is delivered.
    Kind {
        /// A box of cardboard or the like.
        Box = "box",
        /// An envelope or a padded bag.
        Envelope = "envelope",
        /// A bag.
        Bag = "bag",
        /// Something else.
        Other = "other",
        /// It cannot be told.
        Unknown = "unknown",
    }
}

words! {
    /// A ninth of a picture, as the viewer sees it.
    Cell {
        /// Upper left.
        TopLeft = "top_left",
        /// Upper middle.
        TopCenter = "top_center",
        /// Upper right.
        TopRight = "top_right",
        /// Middle left.
        MiddleLeft = "middle_left",
        /// The centre.
        Center = "center",
        /// Middle right.
        MiddleRight = "middle_right",
        /// Lower left.
        BottomLeft = "bottom_left",
        /// Lower middle.
        BottomCenter = "bottom_center",
        /// Lower right.
        BottomRight = "bottom_right",
        /// It cannot be told.
        Unknown = "unknown",
    }
}

words! {
    /// A kind of damage.
    Indicator {
        /// A dented, crushed or bulging box.
        BoxDeformation = "boxDeformation",
        /// A crushed or torn corner.
        CornerDamage = "cornerDamage",
        /// Liquid that came out, or a stain of it.
        Leakage = "leakage",
        /// Torn, opened or badly closed packaging.
        PackagingIntegrity = "packagingIntegrity",
    }
}

words! {
    /// A review band of a score.
    Band {
        /// From .9 on.
        Excellent = "excellent",
        /// From .7 on.
        Good = "good",
        /// From .5 on.
        Review = "review",
        /// Below .5.
        Reject = "reject",
        /// There is no score.
        Unknown = "unknown",
    }
}

impl Tri {
    /// `None` when it cannot be told.
    #[must_use]
    pub fn known(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Unknown => None,
        }
    }
}

impl Severity {
    /// The worst of those that are known. [`Severity::Unknown`] when none is.
    pub fn worst(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().filter(|severity| *severity != Self::Unknown).max().unwrap_or(Self::Unknown)
    }
}
