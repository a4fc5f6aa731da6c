//! Roles wherever providers write them, and nowhere else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use allocation_counter::measure;
use auth_core::{Algorithm, ClaimPath, JwtVerifier, Policy, VerifiedToken};
use auth_testing::TestIssuer;
use serde_json::{Value, json};

fn token(mut claims: Value) -> VerifiedToken {
    claims.as_object_mut().unwrap().insert("sub".into(), "alice".into());
    VerifiedToken::assert_verified(claims).unwrap()
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Grants,
    /// The claim can be read, and has not the role: only the contrary lets in.
    Lacks,
    /// Lets nobody in, negated or not.
    Unknown,
}

/// What a policy and its contrary say about the role `admin` at the path, asked in both ways.
#[track_caller]
fn verdict(token: &VerifiedToken, path: &ClaimPath) -> Verdict {
    let as_role = (Policy::role("admin"), token.with_roles_at(path.clone()));
    let as_claim = (Policy::claim(path.clone()).contains("admin"), token.clone());
    let [role, claim] =
        [as_role, as_claim].map(|(policy, token)| match (policy.allows(&token), (!policy).allows(&token)) {
            (true, false) => Verdict::Grants,
            (false, true) => Verdict::Lacks,
            (false, false) => Verdict::Unknown,
            (true, true) => panic!("a policy and its contrary let in"),
        });
    assert_eq!(role, claim, "{path:?}");
    role
}

/// Claims as the providers' documents show them; with `admin`, and with another role.
fn documented() -> Vec<(ClaimPath, Value, Value)> {
    let zitadel = |role: &str| json!({role: {"318838604669386137": "shop.zitadel.cloud"}});
    let zitadel_claim = "urn:zitadel:iam:org:project:roles";
    let zitadel_project_claim = "urn:zitadel:iam:org:project:318838541968697987:roles";
    vec![
        (ClaimPath::roles(), json!({"roles": ["reader", "admin"]}), json!({"roles": ["reader"]})),
        (
            ClaimPath::realm_access_roles(),
            json!({"realm_access": {"roles": ["offline_access", "admin"]}}),
            json!({"realm_access": {"roles": ["offline_access"]}}),
        ),
        (
            ClaimPath::resource_access_roles("shop"),
            json!({"resource_access": {"account": {"roles": ["view-profile"]}, "shop": {"roles": ["admin"]}}}),
            json!({"resource_access": {"account": {"roles": ["admin"]}, "shop": {"roles": ["reader"]}}}),
        ),
        (ClaimPath::permissions(), json!({"permissions": ["admin"]}), json!({"permissions": []})),
        (ClaimPath::groups(), json!({"groups": ["admin"]}), json!({"groups": ["authentik Admins"]})),
        (ClaimPath::cognito_groups(), json!({"cognito:groups": ["admin"]}), json!({"cognito:groups": ["x"]})),
        (
            ClaimPath::zitadel_project_roles(),
            json!({zitadel_claim: zitadel("admin"), zitadel_project_claim: zitadel("reader")}),
            json!({zitadel_claim: zitadel("reader"), zitadel_project_claim: zitadel("admin")}),
        ),
        (
            ClaimPath::zitadel_roles_of_project("318838541968697987"),
            json!({zitadel_claim: zitadel("reader"), zitadel_project_claim: zitadel("admin")}),
            json!({zitadel_claim: zitadel("admin"), zitadel_project_claim: zitadel("reader")}),
        ),
        (ClaimPath::supabase_role(), json!({"role": "admin"}), json!({"role": "authenticated"})),
        (
            ClaimPath::clerk_org_role(),
            json!({"v": 2, "o": {"id": "org_1", "slg": "shop", "rol": "admin", "per": "read,manage"}}),
            json!({"v": 2, "o": {"id": "org_1", "slg": "admin", "rol": "member"}}),
        ),
        (ClaimPath::clerk_v1_org_role(), json!({"org_role": "admin"}), json!({"org_role": "org:admin"})),
        (ClaimPath::workos_role(), json!({"role": "admin"}), json!({"role": "member"})),
        (ClaimPath::identity_server_role(), json!({"role": "admin"}), json!({"role": "reader"})),
        (
            ClaimPath::identity_server_role(),
            json!({"role": ["reader", "admin"]}),
            json!({"role": ["reader"]}),
        ),
    ]
}

#[test]
fn roles_are_found_as_providers_write_them() {
    for (path, with, without) in documented() {
        assert_eq!(verdict(&token(with), &path), Verdict::Grants, "{path:?}");
        assert_eq!(verdict(&token(without), &path), Verdict::Lacks, "{path:?}");
        assert_eq!(verdict(&token(json!({})), &path), Verdict::Unknown, "{path:?}");
    }
}

#[test]
fn a_verifier_reads_them_out_of_signed_tokens() {
    let issuer = TestIssuer::new(Algorithm::EdDsa);
    for (path, with, without) in documented() {
        let verifier: JwtVerifier = issuer.verifier().roles(path.clone()).build().unwrap();
        let allows = |claims: Value| {
            let draft = issuer.token("alice");
            let members = claims.as_object().unwrap().clone();
            let draft = members.into_iter().fold(draft, |draft, (name, value)| draft.claim(&name, value));
            Policy::role("admin").allows(&verifier.verify_jwt(&draft.sign()).unwrap())
        };
        assert!(allows(with), "{path:?}");
        assert!(!allows(without), "{path:?}");
    }
}

#[test]
fn a_claim_of_another_shape_grants_nothing() {
    let array = json!(["reader", "admin"]);
    let string = json!("admin");
    let object = json!({"admin": {"1": "example.com"}});
    let shapes = [
        (ClaimPath::from("r"), [true, false, false]),
        (ClaimPath::from("r").single(), [false, true, false]),
        (ClaimPath::from("r").single_or_array(), [true, true, false]),
        (ClaimPath::from("r").keys(), [false, false, true]),
    ];
    for (path, grants) in &shapes {
        for (value, grants) in [&array, &string, &object].into_iter().zip(grants) {
            let expected = if *grants { Verdict::Grants } else { Verdict::Unknown };
            let flat = token(json!({"r": value}));
            assert_eq!(verdict(&flat, path), expected, "{path:?}: {value}");
        }
        for value in [
            json!(null),
            json!(true),
            json!(1),
            json!(["admin", 1]),
            json!(["admin", null]),
            json!([["admin"]]),
            json!([{"admin": {}}]),
        ] {
            assert_eq!(verdict(&token(json!({"r": value})), path), Verdict::Unknown, "{path:?}: {value}");
        }
    }
}

#[test]
fn shapes_hold_at_the_end_of_a_path_too() {
    let nested = |value: Value| token(json!({"a": {"x": {"r": ["admin"]}, "b": {"r": value}}}));
    let path = || ClaimPath::from(["a", "b", "r"]);
    for (path, granting, lacking) in [
        (path(), json!(["admin"]), json!([])),
        (path().single(), json!("admin"), json!("reader")),
        (path().single_or_array(), json!("admin"), json!([])),
        (path().single_or_array(), json!(["admin"]), json!("")),
        (path().keys(), json!({"admin": 0}), json!({})),
    ] {
        assert_eq!(verdict(&nested(granting), &path), Verdict::Grants, "{path:?}");
        assert_eq!(verdict(&nested(lacking), &path), Verdict::Lacks, "{path:?}");
        for on_the_way in [json!({"a": []}), json!({"a": {"b": "r"}}), json!({"a": {"b": {}}})] {
            assert_eq!(verdict(&token(on_the_way), &path), Verdict::Unknown, "{path:?}");
        }
    }
    // The organizations that granted a role.
    let zitadel = token(json!({"urn:zitadel:iam:org:project:roles": {"admin": {"17": "example.com"}}}));
    let granted_by = |organization| {
        Policy::claim(ClaimPath::from(["urn:zitadel:iam:org:project:roles", "admin"]).keys())
            .contains(organization)
    };
    assert!(granted_by("17").allows(&zitadel) && !granted_by("18").allows(&zitadel));
}

#[test]
fn a_key_grants_unless_it_is_switched_off() {
    let path = ClaimPath::from("r").keys();
    let with = |value: Value| token(json!({"r": {"reader": true, "admin": value, "writer": null}}));
    for value in [json!(true), json!(0), json!(""), json!([]), json!({}), json!({"1": null}), json!("false")]
    {
        assert_eq!(verdict(&with(value.clone()), &path), Verdict::Grants, "{value}");
    }
    for value in [json!(null), json!(false)] {
        assert_eq!(verdict(&with(value.clone()), &path), Verdict::Unknown, "{value}");
    }
    assert_eq!(verdict(&token(json!({"r": {"reader": null}})), &path), Verdict::Lacks, "another key");
    for other in ["Admin", "admin ", "admi", ""] {
        assert_eq!(verdict(&token(json!({"r": {other: true}})), &path), Verdict::Lacks, "{other}");
    }
    assert_eq!(verdict(&token(json!({"r": {"x": {"admin": true}}})), &path), Verdict::Lacks, "deeper");
}

#[test]
fn values_of_other_types_are_looked_for_in_every_shape() {
    let token = token(json!({"n": 7, "b": true, "l": [7, 8], "k": {"7": 1}}));
    let contains = |path: ClaimPath, value: i64| Policy::claim(path).contains(value).allows(&token);
    assert!(contains(ClaimPath::from("n").single(), 7));
    assert!(contains(ClaimPath::from("n").single_or_array(), 7));
    assert!(contains(ClaimPath::from("l").single_or_array(), 8));
    assert!(Policy::claim(ClaimPath::from("b").single()).contains(true).allows(&token));
    for (path, value) in [(ClaimPath::from("n").single(), 8), (ClaimPath::from("k").keys(), 7)] {
        assert!(!contains(path.clone(), value), "{path:?}");
    }
    assert!(!(!Policy::claim(ClaimPath::from("k").keys()).contains(7)).allows(&token), "a key is no number");
}

#[test]
fn equals_ignores_the_shape() {
    let token = token(json!({"r": "admin", "l": ["admin"]}));
    for shape in [|path| path, ClaimPath::single, ClaimPath::single_or_array, ClaimPath::keys] {
        assert!(Policy::claim(shape("r".into())).equals("admin").allows(&token));
        assert!(!Policy::claim(shape("l".into())).equals("admin").allows(&token));
    }
}

/// `VerifiedToken::assert_verified` would write the escapes anew.
#[test]
fn escapes_in_names_and_keys_are_read() {
    let issuer = TestIssuer::new(Algorithm::EdDsa);
    let claims = |member: &str| {
        let plain = issuer.token("alice").sign();
        let segment = plain.split('.').nth(1).unwrap();
        let decoded =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, segment).unwrap();
        String::from_utf8(decoded).unwrap().replacen('{', &format!("{{{member},"), 1)
    };
    let allows = |member: &str, path: ClaimPath| {
        let token = issuer.sign_raw(r#"{"alg":"EdDSA"}"#, claims(member));
        let verifier = issuer.verifier().roles(path).build().unwrap();
        Policy::role("admin").allows(&verifier.verify_jwt(&token).unwrap())
    };
    for (member, path) in [
        (r#""role":"\u0061dmin""#, ClaimPath::supabase_role()),
        (r#""r\u006fle":"admin""#, ClaimPath::supabase_role()),
        (r#""\u006f":{"\u0072ol":"adm\u0069n"}"#, ClaimPath::clerk_org_role()),
        (r#""r":{"\u0061dmin":{}}"#, ClaimPath::from("r").keys()),
        (r#""\u0072":{"\u0061dmin":{}}"#, ClaimPath::from("r").keys()),
        (r#""r" : [ "\u0061dmin" ]"#, ClaimPath::from("r").single_or_array()),
        (r#""r" : "\u0061dmin""#, ClaimPath::from("r").single_or_array()),
    ] {
        assert!(allows(member, path.clone()), "{member}");
        assert!(!allows(&member.replace("dm", "dM"), path), "{member}");
    }
    let twice = issuer.sign_raw(r#"{"alg":"EdDSA"}"#, claims(r#""r":{"admin":{},"\u0061dmin":null}"#));
    assert!(issuer.verifier().build().unwrap().verify_jwt(&twice).is_err());
}

#[test]
fn to_look_for_a_role_takes_no_memory() {
    for (path, with, without) in documented() {
        for claims in [with, without] {
            let token = token(claims).with_roles_at(path.clone());
            let policy = Policy::role("admin");
            let mut allowed = false;
            let allocations = measure(|| allowed = policy.allows(&token));
            // To pass over the roles of another client, an array in an object, serde_json takes a few bytes.
            let most = u64::from(path == ClaimPath::resource_access_roles("shop"));
            assert!(allocations.count_total <= most, "{path:?}, allowed: {allowed}");
        }
    }
}
