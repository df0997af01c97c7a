//! What holds for every course of calls, clocks and orders.

use proptest::prelude::*;

use super::*;

const T: u64 = 1_700_000_000_000;

/// What happens to a breaker.
#[derive(Debug, Clone)]
enum Happening {
    /// A call asks to go out.
    Ask,
    /// One of the calls under way ends; the number chooses which.
    End(usize, Outcome, u64),
    /// One of the calls under way is never heard of again.
    Die(usize),
    /// Time passes.
    Pass(u64),
    /// The clock is set back.
    Back(u64),
    /// An operator gives an order.
    Force(Mode, u64),
    /// The document goes through the store.
    Store,
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(Outcome::Failed),
        3 => Just(Outcome::Passed),
        1 => Just(Outcome::Ignored),
        1 => prop_oneof![0..100_000_u64, Just(u64::MAX)].prop_map(|retry_after_ms| Outcome::Throttled { retry_after_ms }),
    ]
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Open), Just(Mode::Closed), Just(Mode::Disabled), Just(Mode::MetricsOnly)]
}

fn happenings(backwards: bool) -> impl Strategy<Value = Vec<Happening>> {
    let back = if backwards { 1_u64..100_000_000 } else { 0..1 };
    let happening = prop_oneof![
        10 => Just(Happening::Ask),
        10 => (any::<usize>(), outcomes(), 0_u64..500).prop_map(|(which, outcome, took)| Happening::End(which, outcome, took)),
        1 => any::<usize>().prop_map(Happening::Die),
        4 => prop_oneof![0_u64..2_000, 0_u64..60_000, 0_u64..4_000_000].prop_map(Happening::Pass),
        1 => back.prop_map(Happening::Back),
        1 => (modes(), 1_u64..100_000).prop_map(|(mode, length)| Happening::Force(mode, length)),
        1 => Just(Happening::Store),
    ];
    proptest::collection::vec(happening, 1..150)
}

fn configs() -> impl Strategy<Value = Config> {
    let presets = prop_oneof![
        Just(Config::shared()),
        Just(Config::python_sdk()),
        Just(Config::go_sdk()),
        Just(Config::go_sdk_federation()),
    ];
    let lost = prop_oneof![Just(LostProbe::Failed), Just(LostProbe::Freed), Just(LostProbe::FreedAtOnce)];
    let slow = proptest::option::of((0_u64..600, 1_u32..101).prop_map(|(after_ms, pct)| Slow { after_ms, pct }));
    (presets, 1_u32..8, 1_u32..9, lost, slow).prop_map(|(preset, permits, passes_to_close, lost, slow)| {
        let half_open = HalfOpen { permits, passes_to_close, lost, ..preset.half_open };
        Config { half_open, slow, ..preset }
    })
}

/// Plays the course and checks after every step; the state is passed on as it is or through JSON.
struct Play {
    config: Config,
    state: State,
    now_ms: u64,
    under_way: Vec<Pass>,
    epoch: u64,
}

impl Play {
    fn new(config: Config) -> Self {
        Self { config, state: State::new(T), now_ms: T, under_way: Vec::new(), epoch: 1 }
    }

    fn keep<D>(&mut self, step: Step<D>) -> Result<D, TestCaseError> {
        // Epochs of the events go up one by one, and the state has the last.
        for event in &step.events {
            let same = matches!(event.change, Change::WouldOpen { .. });
            prop_assert_eq!(event.epoch, if same { self.epoch } else { self.epoch + 1 });
            self.epoch = event.epoch;
        }
        prop_assert_eq!(step.state.epoch(), self.epoch);
        self.state = step.state;
        if let Phase::HalfOpen { leases, passed, .. } = self.state.phase() {
            let used = u32::try_from(leases.len()).unwrap() + passed;
            prop_assert!(used <= self.config.half_open.permits, "{used} probes");
        }
        Ok(step.decision)
    }

    fn step(&mut self, happening: &Happening) -> Result<Option<Admission>, TestCaseError> {
        let (count, now_ms) = (self.under_way.len().max(1), self.now_ms);
        match happening {
            Happening::Ask => {
                let admission = self.keep(admit(&self.state, &self.config, now_ms, 0.5))?;
                if let Admission::Allowed(pass) = admission {
                    self.under_way.push(pass);
                }
                return Ok(Some(admission));
            }
            Happening::End(which, outcome, took_ms) if !self.under_way.is_empty() => {
                let pass = self.under_way.swap_remove(which % count);
                let report = Report { pass, outcome: *outcome, took_ms: *took_ms, at_ms: now_ms };
                self.keep(record(&self.state, &self.config, &[report], now_ms, 0.5))?;
            }
            Happening::Die(which) if !self.under_way.is_empty() => {
                self.under_way.swap_remove(which % count);
            }
            Happening::Pass(ms) => self.now_ms += ms,
            Happening::Back(ms) => self.now_ms -= ms,
            Happening::Force(mode, length) => {
                let order =
                    Order { mode: *mode, author: "oncall".to_owned(), expires_ms: now_ms + length, reason: None };
                let step = force(&self.state, &self.config, Some(order), now_ms).unwrap();
                self.keep(step)?;
            }
            Happening::Store => self.state = through_json(&self.state),
            Happening::End(..) | Happening::Die(_) => {}
        }
        Ok(None)
    }
}

fn through_json(state: &State) -> State {
    serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn epochs_go_up_and_probes_stay_within_permits(config in configs(), course in happenings(true)) {
        let mut play = Play::new(config);
        for happening in &course {
            play.step(happening)?;
        }
    }

    /// Counts probes from the outside: those handed out in one half-open phase and not yet reported, dead or expired.
    #[test]
    fn never_more_probes_at_once_than_permits(config in configs(), course in happenings(false)) {
        let mut play = Play::new(config);
        let mut open: Vec<(Pass, u64)> = Vec::new();
        for happening in &course {
            let admission = play.step(happening)?;
            let (now_ms, lease_ms, epoch) = (play.now_ms, play.config.half_open.lease_ms, play.state.epoch());
            if let Some(Admission::Allowed(pass @ Pass { probe: Some(_), .. })) = admission {
                prop_assert!(open.iter().all(|(other, _)| *other != pass), "a probe number twice");
                open.push((pass, now_ms + lease_ms));
            }
            open.retain(|(pass, end)| pass.epoch == epoch && *end > now_ms && play.under_way.contains(pass));
            prop_assert!(open.len() <= play.config.half_open.permits as usize);
        }
    }

    #[test]
    fn a_closed_breaker_admits_without_a_change(config in configs(), course in happenings(true)) {
        let mut play = Play::new(config);
        for happening in &course {
            let before = play.state.clone();
            let settled = record(&before, &play.config, &[], play.now_ms, 0.5).state;
            prop_assert_eq!(&record(&settled, &play.config, &[], play.now_ms, 0.5).state, &settled);
            let admission = play.step(happening)?;
            if settled.phase == Phase::Closed && let Some(Admission::Allowed(_)) = admission {
                prop_assert_eq!(&play.state, &settled);
            }
        }
    }

    #[test]
    fn a_document_behaves_like_the_state(config in configs(), course in happenings(true)) {
        let (mut here, mut stored) = (Play::new(config.clone()), Play::new(config));
        for happening in &course {
            stored.state = through_json(&stored.state);
            prop_assert_eq!(here.step(happening)?, stored.step(happening)?);
            prop_assert_eq!(&here.state, &stored.state);
        }
    }

    /// Whatever happened and wherever the clock stands: once it runs evenly and the dependency works, the breaker
    /// closes within the longest times that it has, and no answer is later than that.
    #[test]
    fn nothing_locks_it_for_ever(config in configs(), course in happenings(true)) {
        let mut play = Play::new(config);
        for happening in &course {
            play.step(happening)?;
        }
        let longest = play.config.longest_open_ms() + play.config.half_open.lease_ms + play.config.skew_ms;
        // The first step after a jump puts the times in order; from then on they count.
        play.step(&Happening::Ask)?;
        if play.state.forced.is_some() {
            play.now_ms += 100_000 + play.config.skew_ms;
        }
        play.config.slow = None;
        let end_ms = play.now_ms + 2 * longest;
        while play.state.phase != Phase::Closed || play.state.forced.is_some() {
            prop_assert!(play.now_ms <= end_ms, "still {:?}", play.state);
            match play.step(&Happening::Ask)? {
                Some(Admission::Allowed(pass)) => {
                    let report = Report { pass, outcome: Outcome::Passed, took_ms: 0, at_ms: play.now_ms };
                    play.keep(record(&play.state, &play.config, &[report], play.now_ms, 0.5))?;
                }
                Some(Admission::Rejected { retry_after: Some(after) }) => {
                    prop_assert!(after.as_millis() <= u128::from(longest));
                }
                _ => {}
            }
            play.now_ms += 1_000;
        }
    }

    /// As long as nothing opens, reports of two writers give the same counts in either order.
    #[test]
    fn reports_may_come_in_any_order(
        mut reports in proptest::collection::vec((outcomes(), 0_u64..90_000, 0_u64..500), 1..40), cut in any::<usize>(),
    ) {
        let config = Config {
            consecutive: None, failure_pct: None, throttle_cap_ms: None, slow: Some(Slow { after_ms: 250, pct: 100 }),
            min_calls: 1_000, ..Config::shared()
        };
        let now_ms = T + 90_000;
        let pass = Pass { epoch: 1, probe: None };
        let play = |order: &[(Outcome, u64, u64)]| {
            let state = order.chunks(1 + cut % 7).fold(State::new(T), |state, chunk| {
                let reports: Vec<_> = chunk.iter()
                    .map(|(outcome, at, took)| Report { pass, outcome: *outcome, took_ms: *took, at_ms: T + at })
                    .collect();
                record(&state, &config, &reports, now_ms, 0.5).state
            });
            (state.window, state.epoch)
        };
        let forwards = play(&reports);
        reports.reverse();
        prop_assert_eq!(play(&reports), forwards);
    }

    #[test]
    fn an_open_time_is_within_its_bounds(config in configs(), opens in any::<u32>(), random01 in any::<f64>()) {
        let length = config.open_ms(opens, random01);
        prop_assert!(length <= config.longest_open_ms());
        prop_assert!(length as f64 >= config.open.base_ms as f64 * (1.0 - config.open.jitter) - 1.0);
    }
}
