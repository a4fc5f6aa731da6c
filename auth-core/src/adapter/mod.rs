//! What a framework's adapter is made of. Applications do not need it: they use the adapter.

mod answer;

pub use self::answer::Answer;
