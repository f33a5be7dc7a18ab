//! The real network of a device, with somebody on the line.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tegata_device::{
    ports::{
        HttpRequest, HttpResponse, Network, NetworkSettings, Socket, Transport, TransportError,
    },
    transport::NetworkStack,
};
use tegata_protocol::device::invitation::Issuer;

type Alter =
    dyn Fn(&HttpRequest, HttpResponse) -> Result<HttpResponse, TransportError> + Send + Sync;

/// The real network, with somebody on the line who can alter what the server answers, or cut it.
#[derive(Clone, Default)]
pub struct Wire {
    alter: Arc<Mutex<Option<Arc<Alter>>>>,
    cut: Arc<AtomicBool>,
}

impl Wire {
    /// From now on every answer goes through `alter`.
    pub fn alter(
        &self,
        alter: impl Fn(&HttpRequest, HttpResponse) -> Result<HttpResponse, TransportError>
        + Send
        + Sync
        + 'static,
    ) {
        *self.slot() = Some(Arc::new(alter));
    }

    /// From now on nothing gets through, in either direction.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    /// Everything comes through as it is again.
    pub fn restore(&self) {
        self.cut.store(false, Ordering::SeqCst);
        *self.slot() = None;
    }

    fn passes(&self) -> Result<(), TransportError> {
        if self.cut.load(Ordering::SeqCst) {
            Err(TransportError::Offline("cut".into()))
        } else {
            Ok(())
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<Alter>>> {
        self.alter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Network for Wire {
    fn transport(
        &self,
        issuer: &Issuer,
        settings: &NetworkSettings,
    ) -> Result<Arc<dyn Transport>, TransportError> {
        let inner = NetworkStack.transport(issuer, settings)?;
        Ok(Arc::new(Tapped {
            inner,
            wire: self.clone(),
        }))
    }
}

struct Tapped {
    inner: Arc<dyn Transport>,
    wire: Wire,
}

impl Transport for Tapped {
    fn request(
        &self,
        request: HttpRequest,
    ) -> futures_util::future::BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            self.wire.passes()?;
            let answer = self.inner.request(request.clone()).await?;
            let alter = self.wire.slot().clone();
            match alter {
                None => Ok(answer),
                Some(alter) => alter(&request, answer),
            }
        })
    }

    fn open_socket<'a>(
        &'a self,
        url: &'a str,
    ) -> futures_util::future::BoxFuture<'a, Result<Socket, TransportError>> {
        Box::pin(async move {
            self.wire.passes()?;
            self.inner.open_socket(url).await
        })
    }
}
