//! `findings --import-since`.

use super::*;

#[test]
fn the_past_is_asked_for_quietly() {
    for (text, seconds) in [
        ("2026-01-31", 1_769_817_600),
        ("2026-01-31T01:00:00+01:00", 1_769_817_600),
        ("2026-01-31T00:00:01Z", 1_769_817_601),
    ] {
        let cloud = Cloud::start();
        let run = cloud.run(&["findings", "--import-since", text]);
        assert_eq!(run.code, 0, "{}", run.talk);
        assert!(run.data.contains("nobody is alerted"), "{}", run.data);
        let job = json!({"job": "reconcile", "version": 1, "since": seconds, "quiet": true});
        assert_eq!(cloud.state().sent, [job]);
        assert_eq!(cloud.asked("GetObject"), 0);
    }
}

#[test]
fn a_date_must_be_one_and_past() {
    for (text, sentence) in [
        ("yesterday", "is neither a day (2026-01-31) nor a time"),
        ("2026-02-30", "is neither a day"),
        ("2999-01-01", "is yet to come"),
    ] {
        let cloud = Cloud::start();
        let run = cloud.run(&["findings", "--import-since", text]);
        assert_eq!((run.code, run.data.as_str()), (2, ""));
        assert!(run.talk.contains(sentence), "{}", run.talk);
        assert!(cloud.state().asked.is_empty());
    }
    let both = Cloud::start().run(&["findings", "--import-since", "2026-01-31", "--image", "a:b"]);
    assert!(both.code == 2 && both.talk.contains("cannot be used with"), "{}", both.talk);
}
