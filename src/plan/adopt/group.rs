//! Which repositories share a declaration, and what it says at its top: as few lines as can be found.
//!
//! Repositories of the very same settings are a class. A class costs little in a declaration that says at its top what
//! the class needs, and an override for each member otherwise; another declaration costs its own opening. Starting with
//! one declaration for all, the class whose own declaration saves the most lines gets it, until none saves any.

use super::settings::{Facet, Settings, contract};
use super::sort::Sayable;

/// Lines every declaration takes, names and settings apart: logical id, type, token, project, environment, pattern, …
const OPENING: usize = 15;
/// Classes that may get a declaration of their own, the largest first. It keeps the work in bounds where every
/// repository is unlike every other; small classes have little to save.
const CANDIDATES: usize = 64;

/// Repositories of one declaration, by their places in the list, and what is said at its top.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The settings at the top.
    pub(super) base: Settings,
    /// Its members.
    pub(super) members: Vec<usize>,
}

/// Repositories of the same settings, by their places in the list.
struct Class {
    settings: Settings,
    members: Vec<usize>,
}

/// Groups repositories; every place is in exactly one group.
pub(super) fn groups(all: &[&Sayable<'_>]) -> Vec<Group> {
    let classes = classes(all);
    let everything: Vec<&Class> = classes.iter().collect();
    let mut bases = vec![best_base(&everything)];
    // One more declaration a round, and no more of them than candidates.
    for _ in 0..CANDIDATES {
        let gain = |candidate: &Settings| {
            let saved: usize =
                classes.iter().map(|class| cheapest(class, &bases).1.saturating_sub(cost(class, candidate))).sum();
            saved.saturating_sub(opening(candidate))
        };
        let best = classes.iter().take(CANDIDATES).map(|class| (gain(&class.settings), &class.settings));
        // Of equals the first, so that the same account always gives the same declarations.
        let best = best.fold(None, |best: Option<(usize, &Settings)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        });
        let Some((_, candidate)) = best.filter(|(gain, _)| *gain > 0) else { break };
        bases.push(candidate.clone());
        bases = shares(&classes, &bases).iter().map(|members| best_base(members)).collect();
    }
    let shares = shares(&classes, &bases);
    shares.iter().map(|members| Group { base: best_base(members), members: places(members) }).collect()
}

/// The largest class first.
fn classes(all: &[&Sayable<'_>]) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    for (place, one) in all.iter().enumerate() {
        match classes.iter_mut().find(|class| class.settings == one.settings) {
            Some(class) => class.members.push(place),
            None => classes.push(Class { settings: one.settings.clone(), members: vec![place] }),
        }
    }
    classes.sort_by_key(|class| std::cmp::Reverse(class.members.len()));
    classes
}

/// Who goes where, groups without members left out.
fn shares<'c>(classes: &'c [Class], bases: &[Settings]) -> Vec<Vec<&'c Class>> {
    let mut shares: Vec<Vec<&Class>> = vec![Vec::new(); bases.len()];
    for class in classes {
        if let Some(share) = shares.get_mut(cheapest(class, bases).0) {
            share.push(class);
        }
    }
    shares.retain(|share| !share.is_empty());
    shares
}

fn places(members: &[&Class]) -> Vec<usize> {
    let mut places: Vec<usize> = members.iter().flat_map(|class| class.members.iter().copied()).collect();
    places.sort_unstable();
    places
}

/// The base a class costs least under, and what it costs there.
fn cheapest(class: &Class, bases: &[Settings]) -> (usize, usize) {
    let costs = bases.iter().map(|base| cost(class, base)).enumerate();
    costs.min_by_key(|(_, cost)| *cost).unwrap_or((0, usize::MAX))
}

/// Lines of overrides the members of a class take under a base.
fn cost(class: &Class, base: &Settings) -> usize {
    let lines: usize = class.settings.iter().zip(base).map(|(wanted, base)| wanted.lines_over(base)).sum();
    // The short name stands above what is overridden.
    if lines == 0 { 0 } else { class.members.len().saturating_mul(lines.saturating_add(1)) }
}

fn opening(base: &Settings) -> usize {
    base.iter().zip(&contract()).map(|(wanted, contract)| wanted.lines_over(contract)).sum::<usize>() + OPENING
}

/// For each facet the value that takes the fewest lines: its own at the top, and those of whoever differs.
fn best_base(classes: &[&Class]) -> Settings {
    let mut base = contract();
    for (place, (chosen, contract)) in base.iter_mut().zip(&contract()).enumerate() {
        let of = |class: &&Class| class.settings.get(place).cloned();
        let mut values: Vec<(Facet, usize)> = Vec::new();
        for (value, count) in classes.iter().filter_map(|class| of(class).zip(Some(class.members.len()))) {
            match values.iter_mut().find(|(known, _)| *known == value) {
                Some((_, counted)) => *counted += count,
                None => values.push((value, count)),
            }
        }
        let lines = |candidate: &Facet| {
            let differ = values.iter().map(|(value, count)| count.saturating_mul(value.lines_over(candidate)));
            candidate.lines_over(contract).saturating_add(differ.fold(0, usize::saturating_add))
        };
        let best = values.iter().map(|(value, _)| value).min_by_key(|value| lines(value));
        if let Some(best) = best {
            *chosen = best.clone();
        }
    }
    base
}
