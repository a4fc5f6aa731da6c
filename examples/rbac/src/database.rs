//! A SQLite file, whose schema is brought up to date at each start.

use std::error::Error;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth_core::StoreFailure;
use auth_examples::variable;
use rusqlite::{Connection, Transaction, TransactionBehavior};

/// One connection to a SQLite file, shared by all requests.
///
/// A new file can be read and written by its owner only, and so can the journal, for which SQLite takes the same mode.
#[derive(Clone, Debug)]
pub struct Database(Arc<Mutex<Connection>>);

/// Turns a file into the next version of its schema. Never change a released step; add another one.
pub type Step<'a> = &'a dyn Fn(&Transaction<'_>) -> Result<(), Box<dyn Error>>;

impl Database {
    /// Opens the file in `AUTH_DATABASE`, or the default one, and brings it up to date.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong and what to do.
    pub fn from_env(default: &str, steps: &[Step<'_>]) -> Result<Self, String> {
        let path = variable("AUTH_DATABASE")?.unwrap_or_else(|| default.to_owned());
        Self::open(Path::new(&path), steps).map_err(|error| {
            format!("cannot use the database {path}: {error}; set AUTH_DATABASE to a file that can be written, or remove it")
        })
    }

    /// Opens a file, creates it if there is none, and brings it up to date: `PRAGMA user_version` counts the steps that it
    /// has had, and the others follow. If one fails, the file stays as it was.
    ///
    /// # Errors
    ///
    /// Returns the error of SQLite, or of a step.
    pub fn open(path: &Path, steps: &[Step<'_>]) -> Result<Self, Box<dyn Error>> {
        create_private(path);
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let lacking = steps.get(usize::try_from(version)?..);
        let lacking = lacking.ok_or("it was made by a newer version of this example")?;
        for step in lacking {
            step(&transaction)?;
        }
        transaction.pragma_update(None, "user_version", u32::try_from(steps.len())?)?;
        transaction.commit()?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs a query on a thread of its own, since SQLite blocks.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the query fails.
    pub async fn run<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreFailure> {
        let connection = self.0.clone();
        let outcome = tokio::task::spawn_blocking(move || {
            // A query that has panicked leaves the connection as it was.
            query(&connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        Ok(outcome.await??)
    }

    /// Runs several queries, which take effect together or not at all. `None` undoes them, like a failure.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if a query fails.
    pub async fn transact<T: Send + 'static>(
        &self,
        queries: impl FnOnce(&Transaction<'_>) -> Result<Option<T>, StoreFailure> + Send + 'static,
    ) -> Result<Option<T>, StoreFailure> {
        let outcome = self.run(move |connection| {
            // A deferred transaction that reads first fails at once if another process writes meanwhile.
            let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            let outcome = queries(&transaction);
            if let Ok(Some(_)) = outcome {
                transaction.commit()?;
            }
            Ok(outcome)
        });
        outcome.await?
    }
}

/// Creates the file before SQLite does, which would let everybody read it.
fn create_private(path: &Path) {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // If it is there already, it keeps its mode. If it cannot be created, SQLite says why.
    let _ = options.open(path);
}
