//! A SQLite file, made and filled at the first start.

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

impl Database {
    /// Opens the file in `AUTH_DATABASE`, or the default one. Fills it first if it lacks this table.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong and what to do.
    pub fn from_env(
        default: &str,
        table: &str,
        fill: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<Self, String> {
        let path = variable("AUTH_DATABASE")?.unwrap_or_else(|| default.to_owned());
        Self::open(Path::new(&path), table, fill).map_err(|error| {
            format!("cannot use the database {path}: {error}; set AUTH_DATABASE to a file that can be written, or remove it")
        })
    }

    fn open(
        path: &Path,
        table: &str,
        fill: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<Self> {
        create_private(path);
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !transaction.table_exists(None, table)? {
            fill(&transaction)?;
        }
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
