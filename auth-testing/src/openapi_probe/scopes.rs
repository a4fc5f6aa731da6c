//! Scopes that do not suffice.

/// No scopes, and all but one of each alternative, unless that is enough for another.
pub(super) fn too_few(alternatives: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut sets = vec![Vec::new()];
    for scopes in alternatives {
        sets.extend(scopes.iter().map(|left_out| without(scopes, left_out)));
    }
    insufficient(sets, alternatives)
}

/// For each scope of each alternative: all others, and what resembles this one, one by one and together.
pub(super) fn look_alikes(alternatives: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut sets = Vec::new();
    for scopes in alternatives {
        for scope in scopes {
            let resembling = resembling(scope);
            let others = without(scopes, scope);
            let one_by_one = resembling.iter().map(|one| [&*others, std::slice::from_ref(one)].concat());
            sets.extend(one_by_one);
            sets.push([others, resembling].concat());
        }
    }
    insufficient(sets, alternatives)
}

/// What a comparison by a part of the name, or without regard to case, takes for this scope.
fn resembling(scope: &str) -> Vec<String> {
    let mut shortened = scope.to_owned();
    shortened.pop();
    let other_case = match scope.to_uppercase() {
        upper if upper == scope => scope.to_lowercase(),
        upper => upper,
    };
    let mut all = vec![format!("no{scope}"), format!("{scope}x"), other_case, shortened];
    all.retain(|one| !one.is_empty() && one != scope);
    all
}

fn without(scopes: &[String], left_out: &String) -> Vec<String> {
    scopes.iter().filter(|scope| *scope != left_out).cloned().collect()
}

fn insufficient(mut sets: Vec<Vec<String>>, alternatives: &[Vec<String>]) -> Vec<Vec<String>> {
    sets.retain(|set| !alternatives.iter().any(|scopes| scopes.iter().all(|scope| set.contains(scope))));
    sets.sort_unstable();
    sets.dedup();
    sets
}
