//! What a login costs for each kind of stored hash, beside an unknown user and a wrong password:
//! `cargo bench -p auth-benches --bench logins`.

use std::error::Error;
use std::time::Instant;

use auth_issuer::{Argon2Hashes, BcryptHashes, Passwords, Pbkdf2Hashes, ScryptHashes};
use tokio::runtime::{Builder, Runtime};

/// Each times all logins in turn, since the machine's speed changes.
const ROUNDS: usize = 7;
const PASSWORD: &str = "correct horse battery staple";

/// Of that password, by passlib with its default costs or lower ones.
const STORED: [(&str, &str); 10] = [
    (
        "argon2id, 64 MiB, 3 passes",
        "$argon2id$v=19$m=65536,t=3,p=4$ntO6t7b2/p9TSgkhhDAmBA$k2U17vgVxz452hPVuNP7Vr6AxXqPwx6kTY4ansE5nMc",
    ),
    (
        "argon2id, 4 MiB, 1 pass",
        "$argon2id$v=19$m=4096,t=1,p=1$eu/9X4uxlpIyhlCKcW5trQ$660qIJuqdwM8FSg26GuzFgtACKcgd4gmTA2bBMY4cNw",
    ),
    ("bcrypt, cost 12", "$2b$12$l3emKsd00w4OFHZinLRfg.cPrbFJ1UKbt/taDUKYqB/v4E72402Nu"),
    ("bcrypt, cost 10", "$2b$10$hrAJK80qNUrnAy/TclcxUe8.8LjBzuEHw.pNWgBG0cdiKXQO.JFm6"),
    ("PBKDF2-SHA-1, 131,000 rounds", "$pbkdf2$131000$jlFK6Z3zvlcqBaBUSsl5jw$oC3EuCSqFjrHL9KtkgrdLyI.wRA"),
    (
        "PBKDF2-SHA-256, 29,000 rounds",
        "$pbkdf2-sha256$29000$7T2H8H6PcU6p9V6LkZIyxg$QaCPZizjCTwAjT1/bD5XjeIdDyxbCGzP3Vdrq4m1BdM",
    ),
    (
        "PBKDF2-SHA-256, 6,400 rounds",
        "$pbkdf2-sha256$6400$hfDemxPC2HvPOUdIKQXgPA$GaOcPdgIaetfUwgseRfUhD.r/hSzMJHdK8GjRCSQ93k",
    ),
    (
        "PBKDF2-SHA-512, 25,000 rounds",
        "$pbkdf2-sha512$25000$y/nfO4dQag2B0HovRYiRsg$JIvAcJB5dKDKtuNVVr4UqopEoEywsDCmIc1SVWguiLdwqlVmGC2xfNGzMpqFLEnUwtLbDlQLqM.wmDO2JcF.Tw",
    ),
    (
        "scrypt, N = 2^16",
        "$scrypt$ln=16,r=8,p=1$1jon5HyPcc7ZO2cMIWQsBQ$JaFBGyNn+i+6tCSd73qKPAhx0C/5Q184WydthT9KGeA",
    ),
    (
        "scrypt, N = 2^14",
        "$scrypt$ln=14,r=8,p=1$qBVizLn3HuM8p7SWklLKmQ$zedIDhK0rwwIEaXcCqHUECMkLKO4P7mswaU2lsNjRx4",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(()); // a test run, which tells nothing about time
    }
    let runtime = Builder::new_current_thread().build()?;
    let only = |kinds: &[&str]| {
        STORED
            .into_iter()
            .filter(|(name, _)| kinds.iter().any(|kind| name.starts_with(kind)))
            .collect::<Vec<_>>()
    };
    let bcrypt = || BcryptHashes::up_to(12);
    table(&runtime, "argon2 alone", &Passwords::new()?, &only(&["argon2id"]))?;
    let passwords = Passwords::builder().accept(bcrypt()?).build()?;
    table(&runtime, "bcrypt up to 12", &passwords, &only(&["bcrypt"]))?;
    let passwords = Passwords::builder()
        .accept(Argon2Hashes::up_to(65_536, 3, 4)?)
        .accept(bcrypt()?)
        .accept(Pbkdf2Hashes::sha1_up_to(131_000)?)
        .accept(Pbkdf2Hashes::sha256_up_to(29_000)?)
        .accept(Pbkdf2Hashes::sha512_up_to(25_000)?)
        .accept(ScryptHashes::up_to(16, 8, 1)?);
    table(&runtime, "all kinds of passlib and pwdlib", &passwords.build()?, &STORED)
}

/// Prints a row for each stored hash. The unknown user, who is timed in the same round, is the measure.
fn table(
    runtime: &Runtime,
    accepted: &str,
    passwords: &Passwords,
    stored: &[(&str, &str)],
) -> Result<(), Box<dyn Error>> {
    let own = runtime.block_on(passwords.hash(PASSWORD))?;
    let stored: Vec<_> =
        [("argon2id, as made now", &*own)].into_iter().chain(stored.iter().copied()).collect();
    let time = |stored: Option<&str>, password: &str| {
        let start = Instant::now();
        let is_right = runtime.block_on(passwords.verify(password, stored));
        let seconds = start.elapsed().as_secs_f64();
        is_right.map(|is_right| (is_right == (stored.is_some() && password == PASSWORD)).then_some(seconds))
    };
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut seconds = vec![time(None, PASSWORD)?];
        for (_, hash) in &stored {
            seconds.extend([time(Some(hash), "wrong")?, time(Some(hash), PASSWORD)?]);
        }
        rounds.push(seconds.into_iter().collect::<Option<Vec<_>>>().ok_or("a login had another outcome")?);
    }
    let of = |place: usize, value: &dyn Fn(f64, f64) -> f64| {
        median(rounds.iter().filter_map(|round| Some(value(*round.get(place)?, *round.first()?))).collect())
    };
    let cell = |place| {
        format!(
            "{:.1} ms, {:.2} x",
            of(place, &|seconds, _| seconds * 1e3),
            of(place, &|seconds, first| seconds / first)
        )
    };
    println!("\n| accepted: {accepted} | wrong password | right password |\n|---|---|---|");
    println!("| unknown user | {} | |", cell(0));
    for (row, (name, _)) in stored.iter().enumerate() {
        println!("| {name} | {} | {} |", cell(2 * row + 1), cell(2 * row + 2));
    }
    println!("(medians of {ROUNDS} rounds; x: the ratio to the unknown user in the same round)");
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
