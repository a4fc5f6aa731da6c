use serde_json::{Value, json};

use super::*;

fn token_of(claims: Value) -> VerifiedToken {
    VerifiedToken::assert_verified(claims).unwrap()
}

fn token(scope: &str, roles: &[&str]) -> VerifiedToken {
    token_of(json!({"sub": "a", "scope": scope, "roles": roles}))
}

fn scope(name: &'static str) -> Policy {
    Policy::scope(Scope::from_static(name))
}

#[track_caller]
fn suffices(policy: &Policy, token: &VerifiedToken, expected: &[&str]) {
    let sufficient = sufficient(&[(policy, token)]).unwrap_or_default();
    assert!(!sufficient.asks_for_login(), "{policy:?}");
    let scopes: Vec<_> = sufficient.scopes.into_iter().map(Scope::as_str).collect();
    assert_eq!(scopes, expected, "{policy:?}");
}

#[test]
fn rules_compose() {
    let both = scope("a").and(Policy::role("admin"));
    assert!(both.allows(&token("a", &["admin"])));
    assert!(!both.allows(&token("a", &[])));
    assert!(!both.allows(&token("b", &["admin"])));

    let either = scope("a").or(Policy::role("admin"));
    assert!(either.allows(&token("a", &[])));
    assert!(either.allows(&token("", &["admin"])));
    assert!(!either.allows(&token("b", &["reader"])));

    let neither = !either;
    assert!(neither.allows(&token("b", &["reader"])));
    assert!(!neither.allows(&token("a", &[])));
    assert!((!!scope("a")).allows(&token("a", &[])));
}

#[test]
fn scopes_are_demanded_together_or_one_of_them() {
    let [a, b] = ["a", "b"].map(Scope::from_static);
    let all = Policy::all_scopes([a.clone(), b.clone()]).unwrap();
    let any = Policy::any_scope([a, b]).unwrap();
    for (granted, by_all, by_any) in [
        ("a b", true, true),
        ("b", false, true),
        ("a c", false, true),
        ("c", false, false),
        ("", false, false),
    ] {
        assert_eq!(all.allows(&token(granted, &[])), by_all, "{granted}");
        assert_eq!(any.allows(&token(granted, &[])), by_any, "{granted}");
    }
}

#[test]
fn a_policy_of_no_parts_is_refused_when_built() {
    assert_eq!(Policy::all_of([]).unwrap_err(), EmptyPolicy);
    assert_eq!(Policy::any_of([]).unwrap_err(), EmptyPolicy);
    assert_eq!(Policy::all_scopes([]).unwrap_err(), EmptyPolicy);
    assert_eq!(Policy::any_scope([]).unwrap_err(), EmptyPolicy);
    assert!(EmptyPolicy.to_string().contains("give at least one"));
}

#[test]
fn what_cannot_be_told_refuses_also_when_negated() {
    let asked: Vec<(Policy, Vec<Value>)> = vec![
        (
            Policy::role("admin"),
            vec![json!("admin"), json!(["admin", 1]), json!({"admin": true}), json!(null)],
        ),
        (Policy::claim("roles").contains("admin"), vec![json!("admin"), json!([1])]),
        (Policy::claim("roles").equals("admin"), vec![json!(["admin"]), json!(1), json!(null)]),
        (Policy::claim(["roles", "x"]).equals(true), vec![json!({}), json!({"x": "true"}), json!([true])]),
    ];
    for (policy, values) in asked {
        let mut tokens: Vec<_> =
            values.into_iter().map(|value| token_of(json!({"sub": "a", "roles": value}))).collect();
        tokens.push(token_of(json!({"sub": "a"})));
        for token in tokens {
            for refused in [policy.clone(), !policy.clone(), policy.clone().or(!policy.clone())] {
                assert!(!refused.allows(&token), "{refused:?}");
                assert!(!refused.clone().and(!scope("z")).allows(&token), "{refused:?}");
                assert!(refused.clone().or(!scope("z")).allows(&token), "{refused:?}");
                assert!(!(!refused.clone().or(scope("z"))).allows(&token), "{refused:?}");
                assert!((!refused.clone().and(scope("z"))).allows(&token), "{refused:?}");
            }
        }
    }
    assert!((!scope("a")).allows(&token_of(json!({"sub": "a"}))), "no scope is no scope");
}

#[test]
fn roles_stand_where_the_verifier_says() {
    let keycloak = json!({"sub": "a", "roles": ["other"], "realm_access": {"roles": ["admin"]}});
    let token = token_of(keycloak).with_roles_at(ClaimPath::realm_access_roles());
    assert!(Policy::role("admin").allows(&token));
    assert!(!Policy::role("other").allows(&token));
    let shared = token.clone();
    let moved = token.with_roles_at("roles");
    assert!(Policy::role("other").allows(&moved) && !Policy::role("admin").allows(&moved));
    assert!(Policy::role("admin").allows(&shared));
}

#[test]
fn a_long_chain_is_no_deep_nest() {
    let any = (0..100_000).fold(scope("a"), |policy, _| policy.or(scope("b")));
    assert!(!any.allows(&token("c", &[])));
    let all = (0..1_000).fold(any, |policy, _| policy.and(scope("c")));
    assert!(all.allows(&token("b c", &[])));
    suffices(&all, &token("b", &[]), &["b", "c"]);
}

#[test]
fn a_refusal_names_the_scopes_that_would_have_sufficed() {
    let nobody = token("", &[]);
    let admin = token("", &["admin"]);
    suffices(&scope("a"), &nobody, &["a"]);
    suffices(&Policy::role("admin"), &nobody, &[]);
    suffices(&scope("a").and(scope("b")).and(scope("a")), &nobody, &["a", "b"]);
    suffices(&scope("a").or(scope("b")), &nobody, &["a"]);
    suffices(&Policy::role("admin").or(scope("b")), &nobody, &["b"]);
    suffices(&scope("a").and(Policy::role("admin")), &nobody, &[]);
    suffices(&scope("a").and(Policy::role("admin")), &admin, &["a"]);
    suffices(&scope("a").or(scope("b")).and(scope("c")), &token("b", &[]), &["b", "c"]);
    suffices(&scope("a").and(Policy::claim("sub").equals("a")), &nobody, &["a"]);
    suffices(&scope("a").and(Policy::predicate("no", |_| false)), &nobody, &[]);
    suffices(&scope("a").and(!Policy::role("x")), &nobody, &["a"]);
}

#[test]
fn no_scope_is_named_that_would_not_have_sufficed() {
    let nobody = token("", &[]);
    suffices(&(!scope("a")), &token("a", &[]), &[]);
    suffices(&scope("b").and(!scope("a")), &token("a", &[]), &[]);
    suffices(&scope("b").and(!scope("a")), &nobody, &["b"]);
    suffices(&scope("a").or(scope("b")).and(!scope("a")), &nobody, &[]);
    // The claims that scopes are read from would be others.
    let scp = token_of(json!({"sub": "a", "scp": ["x"]}));
    suffices(&scope("y").and(!Policy::claim("scp").contains("y")), &scp, &[]);
    suffices(&scope("y").and(Policy::claim("scp").contains("x")), &scp, &[]);
    suffices(&scope("b").and(Policy::claim("scope").equals("a")), &token("a", &[]), &[]);
    suffices(
        &scope("b").and(Policy::role("x").or(Policy::claim("scope").equals("a"))),
        &token("a", &["x"]),
        &["b"],
    );
}

#[test]
fn roles_that_are_read_from_scopes_may_change_with_them() {
    let scp = token_of(json!({"sub": "a", "scp": ["x"]})).with_roles_at("scp");
    suffices(&scope("y").and(!Policy::role("y")), &scp, &[]);
    suffices(&scope("y").and(Policy::role("x")), &scp, &[]);
    suffices(&scope("y").or(Policy::role("y")), &scp, &["y"]);
}

#[test]
fn roles_of_any_shape_may_change_with_the_scopes() {
    for (scp, path) in [
        (json!("x"), ClaimPath::from("scp").single()),
        (json!("x"), ClaimPath::from("scp").single_or_array()),
        (json!(["x"]), ClaimPath::from("scp").single_or_array()),
        (json!("x"), ClaimPath::from("scp").keys()),
    ] {
        let scp = token_of(json!({"sub": "a", "scp": scp})).with_roles_at(path.clone());
        suffices(&scope("y").and(!Policy::role("y")), &scp, &[]);
        suffices(&scope("y").and(Policy::role("x")), &scp, &[]);
        suffices(&scope("y").and(Policy::claim(path.clone()).contains("x")), &scp, &[]);
        suffices(&scope("y").or(Policy::role("y")), &scp, &["y"]);
    }
    // The twin: roles elsewhere stay what they are.
    let moved =
        token_of(json!({"sub": "a", "scp": "x", "role": "x"})).with_roles_at(ClaimPath::supabase_role());
    suffices(&scope("y").and(Policy::role("x")), &moved, &["y"]);
    suffices(&scope("y").and(!Policy::role("z")), &moved, &["y"]);
}

#[test]
fn claims_that_hold_scopes_can_be_asked_like_any_other() {
    let scp = token_of(json!({"sub": "a", "scp": ["x"]})).with_roles_at("scp");
    for policy in [Policy::claim("scp").contains("x"), Policy::role("x")] {
        assert!(policy.allows(&scp), "{policy:?}");
    }
    for policy in [Policy::claim("scp").contains("y"), Policy::role("y"), Policy::claim("scope").equals("x")]
    {
        assert!(!policy.allows(&scp), "{policy:?}");
    }
    assert!(Policy::claim("scope").equals("a b").allows(&token("a b", &[])));
}

#[test]
fn a_token_with_no_other_scopes_than_those_named_is_enough() {
    let named = !((!scope("a")).or(!scope("b")));
    suffices(&named.clone().and(scope("c")), &token("a b", &[]), &["a", "b", "c"]);
    suffices(&named.and(scope("c")), &token("", &[]), &["a", "b", "c"]);
    suffices(&(!(scope("a").and(scope("b")))).and(scope("c")), &token("a", &[]), &["c"]);
    // Met by not having `b`, until that is asked for; by `c` then.
    let unless = (!scope("b")).or(scope("c"));
    suffices(&unless.clone().and(scope("b")), &token("c d", &[]), &["b", "c"]);
    suffices(&unless.and(scope("b")), &token("d", &[]), &[]);
}

#[test]
fn the_scopes_of_several_policies_are_named_in_order_and_once() {
    let policies = [scope("a").or(Policy::role("admin")), scope("b").and(scope("a")), scope("c")];
    let named = |token: VerifiedToken| {
        let demands: Vec<_> = policies.iter().map(|policy| (policy, &token)).collect();
        sufficient(&demands).unwrap_or_default().scopes.into_iter().map(Scope::as_str).collect::<Vec<_>>()
    };
    assert_eq!(named(token("", &[])), ["a", "b", "c"]);
    assert_eq!(named(token("c", &["admin"])), ["b", "a", "c"]);
    let (role, nobody) = (Policy::role("root"), token("", &[]));
    assert!(sufficient(&[(&policies[0], &nobody), (&role, &nobody)]).is_none());
}

#[test]
fn before_there_is_a_token_the_demanded_scopes_are_known() {
    let foreseen = |policy: &Policy, expected: &[&str]| {
        let scopes: Vec<_> = foreseen_scopes(policy).into_iter().map(Scope::as_str).collect();
        assert_eq!(scopes, expected, "{policy:?}");
    };
    let admin = || Policy::role("admin");
    foreseen(&scope("a"), &["a"]);
    foreseen(&scope("a").and(scope("b")).and(scope("a")), &["a", "b"]);
    foreseen(&scope("a").or(scope("b")), &["a"]);
    foreseen(&admin(), &[]);
    // Whatever the claims are, the scope is needed.
    foreseen(&scope("a").and(admin()), &["a"]);
    foreseen(&scope("a").and(Policy::claim("tenant").equals("t1")), &["a"]);
    foreseen(&scope("a").and(Policy::predicate("never", |_| panic!("there is no token"))), &["a"]);
    // Whatever the claims are, the scope is enough.
    foreseen(&admin().or(scope("b")), &["b"]);
    foreseen(&admin().and(scope("a")).or(scope("b")), &["b"]);
    foreseen(&admin().and(scope("a")).or(Policy::role("root")), &["a"]);
    foreseen(&scope("a").and(!admin()), &["a"]);
    foreseen(&scope("b").and(!scope("a")), &["b"]);
    foreseen(&(!scope("a")), &[]);
    foreseen(&(!((!scope("a")).or(!scope("b")))), &["a", "b"]);
    // Nobody can meet it.
    foreseen(&scope("a").and(!scope("a")), &[]);
    // The claims that scopes are read from tell nothing of a token to come.
    foreseen(&scope("a").and(Policy::claim("scope").equals("b")), &["a"]);
}

#[test]
fn each_policy_is_asked_of_its_own_token() {
    let gold = token_of(json!({"sub": "a", "tier": "gold"}));
    let plain = token_of(json!({"sub": "a"}));
    let (outer, inner) = (Policy::claim("tier").equals("gold").or(scope("a")), scope("x"));
    let named = |outer_token| {
        let sufficient = sufficient(&[(&outer, outer_token), (&inner, &plain)]).unwrap_or_default();
        sufficient.scopes.into_iter().map(Scope::as_str).collect::<Vec<_>>()
    };
    assert_eq!(named(&gold), ["x"]);
    assert_eq!(named(&plain), ["a", "x"]);
}

#[test]
fn debug_reads_as_a_sentence() {
    let policy = scope("orders:read")
        .and(Policy::role("admin").or(!Policy::claim("tenant").equals("t1")))
        .or(!(Policy::predicate("adult", |_| true).and(Policy::claim("level").contains(3))));
    assert_eq!(
        format!("{policy:?}"),
        r#"Policy(scope orders:read and (role admin or not claim tenant = "t1") or not (adult and claim level contains 3))"#
    );
}
