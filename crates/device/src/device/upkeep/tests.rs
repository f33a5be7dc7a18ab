use crate::{
    Pin,
    live::lock,
    secret_store::MemoryStore,
    test_server::{PIN, TestServer},
};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// Pairs on a device of its own in this folder, as another process would.
async fn pair(server: &Arc<TestServer>, device: &crate::Device) {
    server.state.lock().unwrap().confirmed = true;
    let invited = device.read_invitation(&server.link()).unwrap();
    let accepted = invited.check().await.unwrap().accept();
    let made = accepted.make_keys(Pin::choose(PIN).unwrap()).await.unwrap();
    made.register().await.unwrap().confirmed().await.unwrap();
}

#[tokio::test]
async fn an_account_that_a_thread_without_a_run_time_is_first_to_find_is_connected() {
    let server = TestServer::start();
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemoryStore::default());
    let device = server.device(folder.path(), Arc::clone(&secrets));
    device.connect();
    pair(&server, &server.device(folder.path(), secrets)).await;
    let (to_device, mut from_device) = server.script_socket();
    // A connection that ends as soon as it is there.
    drop(to_device);

    let lister = device.clone();
    let found = thread::spawn(move || lister.accounts().len()).join();
    assert_eq!(found.unwrap(), 1, "listing ends well on any thread");
    let ended = tokio::time::timeout(Duration::from_secs(20), from_device.recv());
    assert_eq!(ended.await, Ok(None), "the account is connected");
    device.disconnect();
    assert!(lock(&device.live_accounts()[0].task).is_none());
}

#[tokio::test]
async fn whoever_lists_while_an_account_is_added_never_sees_it_twice() {
    for _ in 0..8 {
        let server = TestServer::start();
        let folder = tempfile::tempdir().unwrap();
        let device = server.device(folder.path(), Arc::default());
        let done = Arc::new(AtomicBool::new(false));
        let (lister, until) = (device.clone(), Arc::clone(&done));
        let listing = thread::spawn(move || {
            while !until.load(Ordering::SeqCst) {
                let accounts = lister.accounts();
                let ids: HashSet<_> = accounts.iter().map(|account| &account.id).collect();
                assert_eq!(ids.len(), accounts.len(), "an account is there twice");
            }
        });
        pair(&server, &device).await;
        done.store(true, Ordering::SeqCst);
        listing.join().unwrap();
        assert_eq!(device.accounts().len(), 1);
    }
}
