//! Pieces through several parsers side by side, and out again in their order.
//!
//! Piece by piece the lanes take turns, at the entrance and at the exit: that keeps the order, and bounds what is under
//! way at a few pieces a lane.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

use crate::pieces::{Piece, Pieces};

/// Pieces that wait before and behind each parser.
const QUEUE: usize = 1;

/// The exits.
pub(crate) struct Lanes<T> {
    exits: Vec<Receiver<io::Result<T>>>,
    next: usize,
}

impl<T: Send> Lanes<T> {
    /// Starts a thread that cuts the pieces, and `count` threads that parse them. They end with the pieces, after an
    /// error, or when this is dropped.
    pub fn start<'scope, 'env, P: Pieces + 'scope>(
        scope: &'scope Scope<'scope, 'env>,
        pieces: P,
        count: usize,
        parse: impl Fn(Piece) -> T + Send + Copy + 'scope,
    ) -> Self
    where
        T: 'scope,
    {
        let (mut entrances, mut exits) = (Vec::new(), Vec::new());
        for _ in 0..count.max(1) {
            let (entrance, waiting) = sync_channel::<io::Result<Piece>>(QUEUE);
            let (parsed, exit) = sync_channel(QUEUE);
            scope.spawn(move || {
                for piece in waiting {
                    if parsed.send(piece.map(parse)).is_err() {
                        break;
                    }
                }
            });
            entrances.push(entrance);
            exits.push(exit);
        }
        scope.spawn(move || distribute(pieces, &entrances));
        Self { exits, next: 0 }
    }
}

fn distribute(pieces: impl Pieces, entrances: &[SyncSender<io::Result<Piece>>]) {
    for (piece, entrance) in pieces.zip(entrances.iter().cycle()) {
        let is_last = piece.is_err();
        if entrance.send(piece).is_err() || is_last {
            break;
        }
    }
}

impl<T> Iterator for Lanes<T> {
    type Item = io::Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        let exit = &self.exits[self.next];
        self.next = (self.next + 1) % self.exits.len();
        exit.recv().ok()
    }
}
