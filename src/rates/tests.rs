use super::*;
use governor::clock::FakeRelativeClock;

const MINUTE: Duration = Duration::from_secs(60);

fn rates(change: impl FnOnce(&mut Limits)) -> (Rates<FakeRelativeClock>, FakeRelativeClock) {
    let mut limits = Limits::for_tests();
    change(&mut limits);
    let clock = FakeRelativeClock::default();
    (Rates::by(clock.clone(), &limits), clock)
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn every_policy_allows_what_its_limit_says_and_no_more() {
    for policy in Policy::ALL {
        let (rates, clock) = rates(|limits| {
            for name in [
                "address-requests-per-minute-max",
                "address-uploads-per-minute-max",
                "address-connects-per-minute-max",
                "address-received-bytes-per-day-max",
                "address-failed-credentials-per-minute-max",
                "key-requests-per-minute-max",
                "key-uploads-per-minute-max",
                "key-connects-per-minute-max",
                "key-received-bytes-per-day-max",
                "client-uploads-per-day-max",
            ] {
                limits.set(name, 12).unwrap();
            }
        });
        let (one, other) = (rates.name("one"), rates.name("other"));
        for left in (0..12).rev() {
            assert_eq!(rates.take(policy, one).unwrap().unwrap().remaining, left, "{policy:?}");
        }
        let refused = rates.take(policy, one).unwrap_err();
        let window = policy.window().duration();
        assert_eq!(u64::from(refused.retry_after_s), window.as_secs() / 12, "{policy:?}");
        assert!(refused.to_string().starts_with(policy.name()), "{refused}");
        assert!(rates.take(policy, other).is_ok(), "each has an allowance of their own");
        clock.advance(window / 12);
        assert!(rates.take(policy, one).is_ok() && rates.take(policy, one).is_err());
        clock.advance(window);
        assert_eq!(rates.look(policy, one).unwrap().unwrap().remaining, 12);
        assert_eq!(rates.refused().find(|(known, _)| *known == policy), Some((policy, 2)));
    }
}

#[test]
fn a_limit_of_0_is_none() {
    let (rates, _) = rates(|limits| limits.address_requests_per_minute_max = 0);
    let who = rates.address(address("192.0.2.1"));
    for _ in 0..100_000 {
        assert_eq!(rates.take(Policy::AddressRequests, who), Ok(None));
    }
    assert_eq!(rates.tracked(), 0);
}

#[test]
fn looking_uses_nothing() {
    let (rates, _) = rates(|limits| limits.key_requests_per_minute_max = 1);
    let who = rates.name("me");
    for _ in 0..10 {
        assert_eq!(rates.look(Policy::KeyRequests, who).unwrap().unwrap().remaining, 1);
    }
    assert_eq!(rates.tracked(), 0, "nor is anything remembered");
    rates.take(Policy::KeyRequests, who).unwrap();
    assert!(rates.look(Policy::KeyRequests, who).is_err());
}

#[test]
fn bytes_are_counted_to_the_last() {
    let (rates, clock) = rates(|limits| limits.address_received_bytes_per_day_max = 100_000);
    let (policy, who, mut owed) = (Policy::AddressBytes, rates.name("me"), 0);
    for _ in 0..99 {
        rates.take_bytes(policy, who, &mut owed, 1_000).unwrap();
    }
    assert_eq!(rates.look(policy, who).unwrap().unwrap().remaining, 1_000);
    assert!(rates.take_bytes(policy, who, &mut owed, 1_001).is_err(), "and nothing of it is taken");
    rates.take_bytes(policy, who, &mut owed, 1_000).unwrap();
    let refused = rates.take_bytes(policy, who, &mut owed, 1).unwrap_err();
    assert_eq!((refused.retry_after_s, refused.standing.remaining), (1, 0));
    clock.advance(Duration::from_secs(8_640));
    rates.take_bytes(policy, who, &mut owed, 10_000).unwrap();
    assert!(rates.take_bytes(policy, who, &mut owed, u64::MAX >> 1).is_err(), "more than there ever is");
}

#[test]
fn bytes_that_are_too_many_to_be_counted_singly_are_counted_coarsely() {
    let (rates, _) = rates(|limits| limits.key_received_bytes_per_day_max = 1 << 50);
    let (policy, who, mut owed) = (Policy::KeyBytes, rates.name("me"), 0);
    for _ in 0..(1 << 20) - 1 {
        rates.take_bytes(policy, who, &mut owed, 1).unwrap();
    }
    assert_eq!(rates.look(policy, who).unwrap().unwrap().remaining, 1 << 50);
    rates.take_bytes(policy, who, &mut owed, 1).unwrap();
    assert_eq!((rates.look(policy, who).unwrap().unwrap().remaining, owed), ((1 << 50) - (1 << 20), 0));
}

#[test]
fn limits_beyond_all_measure_are_limits_all_the_same() {
    for max in [1, u64::from(u32::MAX) + 1, u64::MAX] {
        let (rates, _) = rates(|limits| {
            limits.address_requests_per_minute_max = max;
            limits.address_received_bytes_per_day_max = max;
        });
        let who = rates.name("me");
        let standing = rates.take(Policy::AddressRequests, who).unwrap().unwrap();
        assert!(standing.quota == max && standing.remaining < max, "{standing:?}");
        assert!(rates.take_bytes(Policy::AddressBytes, who, &mut 0, 1).is_ok(), "{max}");
    }
}

#[test]
fn an_ipv6_network_counts_as_one_and_ipv4_does_however_it_is_written() {
    let (rates, _) = rates(|_| {});
    let of = |text| rates.address(address(text));
    assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:ffff:ffff:ffff"));
    assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    assert_ne!(of("192.0.2.1"), rates.probe(address("192.0.2.1")));
    assert_ne!(rates.name("192.0.2.1"), of("192.0.2.1"));
}

#[test]
fn who_has_their_whole_allowance_is_forgotten() {
    let (rates, clock) = rates(|limits| limits.rates_tracked_max = 1_000);
    for number in 0..1_000 {
        rates.take(Policy::KeyRequests, rates.name(&number.to_string())).unwrap();
    }
    assert_eq!(rates.tracked(), 1_000);
    rates.forget_idle();
    assert_eq!(rates.tracked(), 1_000, "they have used something just now");
    clock.advance(MINUTE);
    rates.forget_idle();
    assert_eq!(rates.tracked(), 0);
}

#[test]
fn no_more_are_remembered_than_may_be_and_further_ones_are_limited_too() {
    let (rates, clock) = rates(|limits| {
        limits.rates_tracked_max = 100;
        limits.address_requests_per_minute_max = 2;
    });
    let of = |number: u32| rates.address(IpAddr::V4(number.into()));
    let mut refused = 0;
    for number in 0..10_000 {
        refused += u32::from(rates.take(Policy::AddressRequests, of(number)).is_err());
        assert!(rates.tracked() <= 100);
    }
    // They share 256 allowances of 2.
    assert!((9_000..9_900).contains(&refused), "{refused}");
    assert!(rates.take(Policy::AddressRequests, of(0)).is_ok(), "who was there before has their own");
    assert!(rates.take(Policy::AddressRequests, of(0)).is_err());
    // When those have it back, there is room again, at the latest when many more came.
    clock.advance(MINUTE);
    for number in 20_000..20_050 {
        rates.take(Policy::AddressRequests, of(number)).unwrap();
    }
    assert!(rates.tracked() <= 100);
}

/// What a list of one item with parameters says (RFC 9651, section 4.2), read without our own writer in mind.
fn read(field: &str) -> (String, Vec<(String, String)>) {
    let rest = field.strip_prefix('"').expect("a string");
    let (name, rest) = rest.split_once('"').expect("its end");
    assert!(name.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'\\'), "{field}");
    let parameters = rest.split(';').skip(1).map(|parameter| {
        let (key, value) = parameter.split_once('=').expect("a value");
        let mut bytes = key.bytes();
        assert!(bytes.next().is_some_and(|byte| byte.is_ascii_lowercase()), "{field}");
        assert!(bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte)));
        let is_integer = value.len() <= 15 && value.bytes().all(|byte| byte.is_ascii_digit());
        let is_string = value.len() > 2 && value.starts_with('"') && value.ends_with('"');
        assert!(is_integer || is_string, "{field}");
        (key.to_owned(), value.trim_matches('"').to_owned())
    });
    (name.to_owned(), parameters.collect())
}

#[test]
fn the_fields_are_structured_fields() {
    for policy in Policy::ALL {
        for (quota, remaining, reset_s) in [(1, 0, 60), (60_000, 59_990, 1), (u64::MAX, u64::MAX, 0)] {
            let standing = Standing { policy, quota, remaining, reset_s };
            let (name, parameters) = read(&standing.field());
            assert_eq!(name, policy.name());
            let keys: Vec<_> = parameters.iter().map(|(key, _)| key.as_str()).collect();
            assert_eq!(keys, ["r", "t"]);
            let (name, parameters) = read(&standing.policy_field());
            assert_eq!(name, policy.name());
            let unit = parameters.iter().find(|(key, _)| key == "qu").map(|(_, unit)| unit.as_str());
            assert_eq!(unit, policy.is_of_bytes().then_some("content-bytes"));
            let window = parameters.last().map(|(key, value)| (key.as_str(), value.parse().unwrap()));
            assert_eq!(window, Some(("w", policy.window().seconds())));
        }
    }
    let standing = Standing { policy: Policy::AddressRequests, quota: 6_000, remaining: 5_990, reset_s: 1 };
    assert_eq!(standing.policy_field(), "\"address-requests\";q=6000;w=60");
    assert_eq!(standing.field(), "\"address-requests\";r=5990;t=1");
}

#[test]
fn the_tightest_is_the_one_with_the_smallest_share_left() {
    let standing = |quota, remaining| Standing { policy: Policy::KeyRequests, quota, remaining, reset_s: 0 };
    assert!(standing(10, 4).is_tighter_than(&standing(1_000, 500)));
    assert!(!standing(10, 5).is_tighter_than(&standing(1_000, 500)));
    assert!(standing(u64::MAX, 0).is_tighter_than(&standing(1, 1)));
}
