//! Clocks that disagree.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use causeway_adapters::Connected;
use causeway_cloud::Ports;
use causeway_cloud::state::{self, Documents};
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::{self, HttpClient, SystemFiles, SystemRandom};
use causeway_oci_emulator::Fault;
use causeway_runtime::{Budget, Context, Handler, Kind, Settings, Vars};
use flex_autoscaler::{Config, FlexAutoscaler, Parts, Reply, Request, Services, Status};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tests::harness::Hold;

use crate::cloud::{Cloud, Machine};

/// Real time and this much more.
#[derive(Debug, Clone, Copy)]
struct Ahead(Duration);

#[async_trait]
impl effects::Clock for Ahead {
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.0
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

impl state::Clock for Ahead {
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.0
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(time).boxed()
    }
}

/// An autoscaler of this process whose clock is ahead.
fn autoscaler(cloud: &Cloud, ahead: Duration) -> FlexAutoscaler {
    let clock = Ahead(ahead);
    let environment = cloud.variables().clone();
    let network = HttpClient::new(&environment, &SystemFiles).unwrap();
    let effects = Effects {
        environment: Arc::new(environment),
        files: Arc::new(SystemFiles),
        http: Arc::new(network.clone()),
        clock: Arc::new(clock),
        random: Arc::new(SystemRandom),
    };
    let ports = Connected::new(effects, network).unwrap();
    let documents =
        |prefix: &str| Documents::new(ports.objects().unwrap(), format!("causeway-state/{prefix}"), Arc::new(clock));
    let parts = Parts {
        services: Ok(Services { fleet: ports.fleet().unwrap(), metrics: ports.metrics().unwrap() }),
        documents: documents("flex-autoscaler"),
        objects: ports.objects().unwrap(),
        notifier: None,
        told: documents("flex-autoscaler-alerts"),
        principal: ports.principal().unwrap(),
        clock: Arc::new(clock),
        random: || 0.5,
    };
    let settings = cloud.variables().iter().filter(|(name, _)| name.starts_with("FLEX_"));
    let mut vars = Vars::new(settings.map(|(name, value)| (name.clone(), value.clone())));
    FlexAutoscaler::new(parts, Config::read(&mut vars))
}

/// A tick of an autoscaler of this process.
async fn tick(autoscaler: &FlexAutoscaler, id: &str) -> Reply {
    let budget = Budget::of(Instant::now(), Duration::from_secs(300));
    let reply = autoscaler.handle(Request::default(), &Context::new(Kind::Tick, id, budget)).await;
    reply.unwrap_or_else(|error| panic!("{id}: {error}: {}", error.log_text()))
}

/// T39: by its clock it begins 40 s later than it does, while another tick is still at work.
#[test]
fn t39_a_tick_whose_clock_is_forty_seconds_ahead_is_told_that_another_is_at_work() {
    let cloud = Cloud::start();
    let fleet: Vec<Machine> =
        (0..10).map(|number| Machine::new(number, if number < 1 { 78.0 } else { 50.0 })).collect();
    cloud.add(&fleet);
    let first = cloud.autoscaler();
    let ahead = autoscaler(&cloud, Duration::from_secs(40));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    cloud.front.hold("PUT", "/instances/", Hold::Before);
    std::thread::scope(|scope| {
        let working = scope.spawn(|| first.tick());
        cloud.front.wait();
        let reply = runtime.block_on(tick(&ahead, "ahead"));
        assert!(reply.status == Status::Busy && reply.busy.is_some() && reply.resizes.is_empty(), "{reply:?}");
        assert_eq!(cloud.changes(&fleet[0]), 0);
        cloud.front.release();
        assert_eq!(working.join().unwrap().accepted(), std::slice::from_ref(&fleet[0].id));
    });
    assert_eq!(runtime.block_on(tick(&ahead, "ahead again")).status, Status::Ok);
    assert_eq!(cloud.changes(&fleet[0]), 1);
}

#[test]
fn a_clock_that_is_ninety_seconds_ahead_changes_nothing_twice() {
    let cloud = Cloud::start();
    let fleet: Vec<Machine> =
        (0..30).map(|number| Machine::new(number, if number < 3 { 78.0 } else { 50.0 })).collect();
    cloud.add(&fleet);
    // Long enough that both are at work at once.
    cloud.emulator.add_fault(Fault::parse("service=compute,latencyMs=200").unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (right, ahead) = (autoscaler(&cloud, Duration::ZERO), autoscaler(&cloud, Duration::from_secs(90)));
    let statuses: Vec<Status> = runtime.block_on(async {
        let call = |autoscaler: FlexAutoscaler, id: &'static str| async move {
            let status = tick(&autoscaler, id).await.status;
            (status, autoscaler)
        };
        let (one, other) = tokio::join!(tokio::spawn(call(right, "right")), tokio::spawn(call(ahead, "ahead")));
        let ((one, right), (other, ahead)) = (one.unwrap(), other.unwrap());
        // Once more, one after the other: both find what was done.
        let (third, _) = call(ahead, "ahead again").await;
        let (fourth, _) = call(right, "right again").await;
        vec![one, other, third, fourth]
    });
    assert!(
        statuses[..2].contains(&Status::Busy) && statuses[2..].iter().all(|status| *status != Status::Busy),
        "{statuses:?}"
    );
    for (number, machine) in fleet.iter().enumerate() {
        assert_eq!(cloud.changes(machine), usize::from(number < 3), "{}", machine.id);
    }
}
