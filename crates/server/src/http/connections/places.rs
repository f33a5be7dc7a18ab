//! How many may be in at once: in all, and from one address.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv6Addr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// Places of one kind.
#[derive(Debug)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    each: Option<Arc<Each>>,
}

#[derive(Debug)]
struct Each {
    most: u32,
    taken: Mutex<HashMap<IpAddr, u32>>,
}

/// Room for one more, from wherever.
pub(super) type Room = OwnedSemaphorePermit;

/// One place, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    _room: Room,
    from: Option<(Arc<Each>, IpAddr)>,
}

impl Places {
    /// `most` in all; from one address `each`, or as many.
    pub(super) fn new(most: u32, each: Option<u32>) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self {
            all: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            each: each.map(|most| {
                Arc::new(Each {
                    most,
                    taken: Mutex::default(),
                })
            }),
        }
    }

    /// Waits until there is room for one more.
    pub(super) async fn room(&self) -> Option<Room> {
        // The semaphore is never closed.
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// Takes a place, unless whoever is at `from` has as many as one may. `None` as address: one that is not counted.
    pub(super) fn take(&self, room: Option<Room>, from: Option<IpAddr>) -> Option<Place> {
        let room = room?;
        let Some((each, from)) = self.each.as_ref().zip(from) else {
            return Some(Place {
                _room: room,
                from: None,
            });
        };
        let network = network(from);
        let mut taken = each.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(network).or_default();
        if *count >= each.most {
            return None;
        }
        *count += 1;
        drop(taken);
        Some(Place {
            _room: room,
            from: Some((Arc::clone(each), network)),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((each, from)) = &self.from else {
            return;
        };
        let mut taken = each.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(from) {
            *count -= 1;
            if *count == 0 {
                taken.remove(from);
            }
        }
    }
}

/// What counts as one address: an IPv4 address, or the /64 network that one customer has of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// A stream that keeps its place for as long as it is open, whatever protocol it changes to.
#[derive(Debug)]
pub(super) struct Kept<S> {
    stream: S,
    _place: Place,
}

impl<S> Kept<S> {
    pub(super) fn new(stream: S, place: Place) -> Self {
        Self {
            stream,
            _place: place,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Kept<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Kept<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn take(places: &Places, from: &str) -> Option<Place> {
        let room = places.room().await;
        places.take(room, Some(from.parse().unwrap()))
    }

    #[tokio::test]
    async fn one_address_does_not_take_the_place_of_another() {
        let places = Places::new(3, Some(2));
        let first = take(&places, "192.0.2.1").await.unwrap();
        let _second = take(&places, "::ffff:192.0.2.1").await.unwrap();
        assert!(take(&places, "192.0.2.1").await.is_none());
        let _other = take(&places, "192.0.2.2").await.unwrap();
        assert_eq!(places.all.available_permits(), 0, "nobody else fits in");
        drop(first);
        assert!(take(&places, "192.0.2.1").await.is_some());
    }

    #[tokio::test]
    async fn a_network_of_ipv6_counts_as_one_address() {
        let places = Places::new(9, Some(1));
        let _one = take(&places, "2001:db8:0:1::1").await.unwrap();
        assert!(take(&places, "2001:db8:0:1:ffff::2").await.is_none());
        assert!(take(&places, "2001:db8:0:2::1").await.is_some());
    }

    #[tokio::test]
    async fn addresses_that_have_left_are_forgotten_and_some_are_not_counted() {
        let places = Places::new(9, Some(1));
        drop(take(&places, "192.0.2.1").await.unwrap());
        let taken = &places.each.as_ref().unwrap().taken;
        assert!(taken.lock().unwrap().is_empty());
        let mut kept = Vec::new();
        for _ in 0..3 {
            kept.push(places.take(places.room().await, None).unwrap());
        }
        assert!(taken.lock().unwrap().is_empty());
        assert_eq!(places.all.available_permits(), 6);
    }
}
