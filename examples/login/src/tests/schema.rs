//! Files of older versions, as those made them.

use super::*;

/// Before logins had a row each.
const FIRST: &str = "
    CREATE TABLE accounts (
        username TEXT PRIMARY KEY, full_name TEXT NOT NULL, password_hash TEXT NOT NULL,
        scopes TEXT NOT NULL, active INTEGER NOT NULL
    );
    CREATE TABLE items (owner TEXT NOT NULL, name TEXT NOT NULL);
    CREATE TABLE refresh_tokens (
        token_hash TEXT PRIMARY KEY, family TEXT NOT NULL, subject TEXT NOT NULL, client_id TEXT NOT NULL,
        scopes TEXT NOT NULL, expires_at INTEGER NOT NULL, redeemed INTEGER NOT NULL DEFAULT 0
    );
    INSERT INTO accounts VALUES ('frank', 'Frank', 'his hash', 'items', 1);
    INSERT INTO items VALUES ('frank', 'a watch');";
/// Before accounts had an address.
const SECOND: &str = "
    CREATE TABLE accounts (
        username TEXT PRIMARY KEY, full_name TEXT NOT NULL, password_hash TEXT NOT NULL,
        scopes TEXT NOT NULL, active INTEGER NOT NULL, tokens_since INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE items (owner TEXT NOT NULL, name TEXT NOT NULL);
    CREATE TABLE logins (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL, client_id TEXT NOT NULL, scopes TEXT NOT NULL, label TEXT,
        began_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        current_token TEXT NOT NULL, previous_token TEXT, spent_at INTEGER, sealed_successor TEXT
    );
    CREATE INDEX logins_by_subject ON logins (subject);
    INSERT INTO accounts VALUES ('frank', 'Frank', 'his hash', 'items', 1, 5);
    INSERT INTO items VALUES ('frank', 'a watch');
    INSERT INTO logins (id, subject, client_id, scopes, began_at, expires_at, current_token)
        VALUES ('1', 'frank', 'web', '', 0, 9e9, 'x');";

#[tokio::test]
async fn files_of_older_versions_are_brought_up_to_date() {
    for (made_by, logins) in [(FIRST, "0"), (SECOND, "1")] {
        let (file, clock) = (File::new(), TestClock::default());
        file.execute(made_by);
        for _ in 0..2 {
            let db = file.open(&clock);
            assert_eq!(db.id_of("frank").await.unwrap().as_deref(), Some("frank"));
            assert_eq!(db.password_hash("frank").await.unwrap().as_deref(), Some("his hash"));
            assert_eq!(db.items("frank".to_owned()).await.unwrap().len(), 1);
            assert_eq!(file.text("SELECT count(*) || '' FROM logins"), logins);
            assert_eq!(db.id_of("alice").await.unwrap(), None, "no demo accounts in a file of one's own");
        }
        let db = file.open(&clock);
        assert!(
            db.change_password("frank", "his hash".to_owned(), "new".to_owned()).await.unwrap().is_some()
        );
    }
}

#[test]
fn files_of_newer_versions_are_left_alone() {
    let (file, clock) = (File::new(), TestClock::default());
    drop(file.open(&clock));
    file.execute("PRAGMA user_version = 3");
    let refused = Db::open(&file.0, clock, "").unwrap_err();
    assert!(refused.contains("newer version of this example"), "{refused}");
}

/// Of two steps that a file lacks, the second fails.
#[test]
fn a_step_that_fails_leaves_the_file_as_it_was() {
    let (file, clock) = (File::new(), TestClock::default());
    file.execute(FIRST);
    file.execute("CREATE TABLE codes (x INTEGER)"); // in the way
    assert!(Db::open(&file.0, clock.clone(), "").is_err());
    assert_eq!(file.text("SELECT count(*) || '' FROM refresh_tokens"), "0", "it is still there");
    file.execute("DROP TABLE codes");
    drop(file.open(&clock));
}
