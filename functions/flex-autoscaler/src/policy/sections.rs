//! The parts of a policy. Each number says what it is, its unit stands in its name, its default is the rule's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Preset, Window};

/// A part of the policy: documented members with the defaults written beside them.
macro_rules! section {
    ($(#[$about:meta])* $name:ident { $($(#[$member_about:meta])* $member:ident : $kind:ty = $default:expr,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[$member_about])* pub $member: $kind,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($member: $default,)* }
            }
        }
    };
}

/// How memory follows OCPUs (R10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Coupling {
    /// A fixed number of GB for each OCPU; the larger need of the two decides.
    Coupled,
    /// Each follows its own need.
    Independent,
}

section! {
    /// Sizes that are allowed (R5, R9, R10).
    Limits {
        /// Fewest OCPUs. Default 8.
        min_ocpus: f64 = 8.0,
        /// Most OCPUs. Default 64.
        max_ocpus: f64 = 64.0,
        /// Least memory in GB. Default 128.
        min_memory_gb: f64 = 128.0,
        /// Most memory in GB. Default 1024.
        max_memory_gb: f64 = 1024.0,
        /// OCPUs come in multiples of this. Default 2.
        quantum_ocpus: f64 = 2.0,
        /// Memory comes in multiples of this, in GB. Default 16.
        quantum_memory_gb: f64 = 16.0,
        /// How memory follows OCPUs. Default `coupled`.
        coupling: Coupling = Coupling::Coupled,
        /// GB for each OCPU when coupled. Default 16.
        coupled_memory_gb_per_ocpu: f64 = 16.0,
        /// Whether a machine below the least size is raised to it. Default false: it is left alone.
        enforce_bounds: bool = false,
    }
}

section! {
    /// When points are good enough to act on (R2).
    Freshness {
        /// Oldest age of the newest point, in minutes. Default 5.
        max_age_minutes: f64 = 5.0,
        /// Farthest a point may be ahead of the clock, in minutes. Default 2.
        max_future_minutes: f64 = 2.0,
        /// Share of the expected points that must be there to grow, in percent. Default 80.
        min_up_points_percent: f64 = 80.0,
        /// Share of the expected points that must be there to shrink, in percent. Default 90.
        min_down_points_percent: f64 = 90.0,
        /// Values above 100 up to this count as 100, in percent; higher ones are invalid. Default 105.
        max_valid_percent: f64 = 105.0,
    }
}

section! {
    /// When and how far a machine grows (R4, R5).
    ///
    /// Where the size is chosen by its cost (`cost`), its numbers for the CPU hold for emergencies and at the largest size
    /// alone; those for memory always.
    Up {
        /// Minutes that are looked at. Default 15.
        window_minutes: u32 = 15,
        /// Percentile of these minutes that is compared. Default 90.
        percentile: f64 = 90.0,
        /// Utilization from which the machine grows, in percent. Default 75.
        at_percent: f64 = 75.0,
        /// Utilization that the new size is meant to have, in percent. Default 65.
        target_percent: f64 = 65.0,
        /// CPU utilization from which the true demand is unknown, in percent. Default 97.
        censored_at_percent: f64 = 97.0,
        /// Least growth then, as a factor. Default 1.75.
        censored_factor: f64 = 1.75,
        /// Most growth in one step, as a factor. Default 2.
        max_step_factor: f64 = 2.0,
        /// Memory utilization that may have ended in a kill for lack of memory, in percent. Default 97.
        oom_at_percent: f64 = 97.0,
        /// Points in a row at that utilization. Default 2.
        oom_points: u32 = 2,
        /// Silence after them that means a restart, in minutes. Default 2.
        oom_gap_minutes: f64 = 2.0,
        /// Fall after them that means a restart, in percentage points. Default 30.
        oom_drop_percent: f64 = 30.0,
        /// Least growth of memory then, as a factor. Default 1.2.
        oom_factor: f64 = 1.2,
    }
}

section! {
    /// When a machine grows at once (R4).
    Emergency {
        /// Points in a row. Default 3.
        points: u32 = 3,
        /// Utilization that all of them reach, in percent. Default 80.
        at_percent: f64 = 80.0,
        /// Utilization that one of them reaches, in percent. Default 90.
        peak_percent: f64 = 90.0,
        /// Where a minute of violation costs less than so many hours of an OCPU (with its memory, where that is coupled),
        /// the expected costs answer an emergency of the CPU, once they are known: whether at all, and how far. Else the
        /// machine grows at once, by what R4 and R5 ask for at least. Default 5, which the default prices are above; 0:
        /// always at once.
        left_to_costs_below_ocpu_hours: f64 = 5.0,
    }
}

section! {
    /// When and how far a machine shrinks (R4, R5, R6).
    Down {
        /// Minutes whose highest usage decides. Default 180.
        window_minutes: u32 = 180,
        /// CPU utilization that the new size is meant to have, in percent. Default 70.
        target_percent: f64 = 70.0,
        /// Memory utilization that the new size is meant to have, in percent. Default 80.
        memory_target_percent: f64 = 80.0,
        /// Hours whose highest use of memory decides. Default 24.
        memory_window_hours: u32 = 24,
        /// In how many of them memory must have been measured, or nothing shrinks; not more than there are. Default 24.
        /// Fewer for machines that are stopped every night: hours that nobody measured then count as if little had been
        /// used in them.
        min_memory_hours: u32 = 24,
        /// Most shrinking in one step, as a factor. Default 2.
        max_step_factor: f64 = 2.0,
        /// Changes up to this are none, in percent of the size, upwards too. Default 10.
        dead_band_percent: f64 = 10.0,
        /// Least saving, in percent of the price. Default 25.
        min_saving_percent: f64 = 25.0,
        /// Least saving of a machine that has not changed for long, in percent of the price. Default 10.
        small_saving_percent: f64 = 10.0,
        /// How long that is, in hours. Default 12.
        small_saving_after_hours: f64 = 12.0,
        /// Whether memory is looked at. Default true; without it CPU alone decides, for machines whose agent does
        /// not measure memory.
        watch_memory: bool = true,
        /// How long a machine must have been watched, in minutes. Default 180.
        min_watched_minutes: f64 = 180.0,
    }
}

section! {
    /// Pauses between changes (R7). They begin when the machine runs at its new size.
    Cooldown {
        /// After growing, until it grows again, in minutes. Default 10.
        up_after_up_minutes: f64 = 10.0,
        /// After growing, until it shrinks, in minutes. Default 60.
        down_after_up_minutes: f64 = 60.0,
        /// After shrinking, until it grows, in minutes. Default 30.
        up_after_down_minutes: f64 = 30.0,
        /// After shrinking, until it shrinks again, in minutes. Default 60.
        down_after_down_minutes: f64 = 60.0,
        /// Most changes of one machine in 24 hours that may restart it, emergencies not counted. Default 4. Live changes
        /// are not counted and not kept back.
        max_restarts_per_day: u32 = 4,
    }
}

section! {
    /// Changes that are under way (R8).
    InFlight {
        /// A change that is not seen after this is stuck, in minutes. Default 20.
        stuck_after_minutes: f64 = 20.0,
        /// A stuck change is given up after this, in minutes. Default 120.
        give_up_after_minutes: f64 = 120.0,
        /// A change whose request may never have been sent is sent again, with its token, after this, in minutes.
        /// Default 4: less than a tick, so that the next one does it though it comes a little early.
        resend_after_minutes: f64 = 4.0,
        /// Entries of machines that nobody has seen for this long are forgotten, in hours. Default 72.
        forget_after_hours: f64 = 72.0,
    }
}

section! {
    /// Times of day with sizes of their own (R12).
    Schedule {
        /// Windows that are ready made, beside those of `windows`. Default none: hours and sizes of work are those of
        /// whom a machine serves, and a wrong guess would pay for 32 OCPUs and restart every machine each morning.
        preset: Option<Preset> = None,
        /// Windows; their floors and ceilings combine by the strictest. Default none.
        windows: Vec<Window> = Vec::new(),
        /// How long before its start a window counts, in minutes: change, restart and warming up. Default 15.
        lead_minutes: f64 = 15.0,
        /// When machines may be restarted, where `allow_reboot` is on. Default none: at any time.
        maintenance: Vec<Window> = Vec::new(),
    }
}

section! {
    /// What the past says about the next hours (R13). It may only raise the floor.
    ///
    /// Of no effect on a machine whose size is chosen by its cost (`cost`), where the past is in the cost.
    Predictive {
        /// Whether it is asked. Default true.
        enabled: bool = true,
        /// How far ahead, in minutes. Default 120.
        horizon_minutes: u32 = 120,
        /// Least history, in hours. Default 24.
        min_history_hours: f64 = 24.0,
        /// Utilization that the floor is meant to have at the peak, in percent. Default 70.
        target_percent: f64 = 70.0,
        /// Whether a machine grows for it; else the floor only keeps it from shrinking. Default true.
        grow: bool = true,
    }
}

section! {
    /// Whether a change that costs a restart earns it back (R14).
    ///
    /// Of no effect on a machine whose size is chosen by its cost (`cost`), but where memory alone decides.
    Payback {
        /// Whether that is asked. Default true.
        enabled: bool = true,
        /// Longest time that a new size is expected to hold, in hours; else as long as the old one has. Default 6.
        max_hold_hours: f64 = 6.0,
    }
}

section! {
    /// Most money in a month (R15).
    Budget {
        /// Whose money: machines with the same name share the cap. Default `default`.
        tenant: String = "default".to_owned(),
        /// The cap for a calendar month in UTC, in the currency of the prices. Default none.
        month_cap: Option<f64> = None,
        /// The cap of emergencies, as a factor. Default 1.1.
        emergency_factor: f64 = 1.1,
    }
}

section! {
    /// What things cost. The prices are those of a list, not of a contract: set your own.
    Prices {
        /// Currency, for people. Default `USD`.
        currency: String = "USD".to_owned(),
        /// One OCPU for an hour. Default 0.03.
        ocpu_price_per_hour: f64 = 0.03,
        /// One GB of memory for an hour. Default 0.002.
        memory_gb_price_per_hour: f64 = 0.002,
        /// One minute of a machine that is too small or down. Default 0.5.
        violation_price_per_minute: f64 = 0.5,
        /// How long a change that restarts takes the machine away, in minutes. Default 5.
        resize_downtime_minutes: f64 = 5.0,
    }
}

section! {
    /// Guards over all machines of a tick (R16).
    Fleet {
        /// Most machines of one cluster that change at a time. Default 1.
        max_in_flight_per_cluster: u32 = 1,
        /// Most changes in a tick, in percent of the machines; one is always allowed. Default 10.
        max_resizes_percent: f64 = 10.0,
        /// Most changes in a tick. Default 50.
        max_resizes: u32 = 50,
        /// Nothing shrinks when more want the same direction, in percent of the machines. Default 30.
        mass_change_percent: f64 = 30.0,
        /// That guard needs as many machines. Default 10.
        mass_change_min_machines: u32 = 10,
    }
}

section! {
    /// After the cloud had no room (R17).
    Capacity {
        /// First pause, in minutes; it doubles. Default 30.
        retry_after_minutes: f64 = 30.0,
        /// Longest pause, in minutes. Default 360.
        max_retry_after_minutes: f64 = 360.0,
        /// How long a refusal to change without a restart is believed, in hours. Default 24.
        needs_reboot_hours: f64 = 24.0,
    }
}

section! {
    /// Kinds of machines that are left alone unless switched on here (R24). Default: none is on.
    Support {
        /// Machines with a baseline below one OCPU each.
        burstable: bool = false,
        /// Bare metal.
        bare_metal: bool = false,
        /// Machines on dedicated hosts.
        dedicated_host: bool = false,
        /// Machines that the cloud may take away.
        preemptible: bool = false,
    }
}

section! {
    /// Names of free-form tags.
    TagNames {
        /// Machines with the same value are one cluster. Default `cluster`.
        cluster: String = "cluster".to_owned(),
        /// Any value leaves the machine alone but an empty one, `false`, `no`, `0` and `off`. Default `pause`.
        pause: String = "pause".to_owned(),
    }
}

section! {
    /// How often the same thing is told.
    AlertTimes {
        /// Once in so many minutes. Default 60.
        repeat_minutes: u32 = 60,
    }
}
