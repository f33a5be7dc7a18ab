use super::fixture::{START, World};
use axum::http::Method;
use tegata_protocol::{
    UnixTime,
    device::metadata::{ExpectedMetadata, Metadata, parse_metadata},
};

async fn fetch(world: &World, seen_seq: u64) -> (Metadata, Vec<u8>) {
    let url = world.app.issuer.wire().metadata_url();
    let answer = world
        .send(world.request(Method::GET, &url, Vec::new()))
        .await;
    let expected = ExpectedMetadata {
        issuer: world.app.issuer.wire(),
        root: Some(world.app.keys.root.thumbprint()),
        seen_seq,
        now: world.app.now(),
    };
    let (metadata, _) = parse_metadata(&answer.body, &expected).unwrap();
    (metadata, answer.body)
}

#[tokio::test]
async fn metadata_is_what_devices_accept_and_stays_the_same_until_half_its_life_is_over() {
    let world = World::new().await;
    let (first, bytes) = fetch(&world, 0).await;
    assert_eq!((first.seq, first.iat), (1, START));
    assert_eq!(first.rp_id, "tegata.localhost");
    assert_eq!(
        Metadata::valid_at(&first.receipt_keys, world.app.now()),
        [*world.app.keys.receipt.public()]
    );
    world.advance(43_199);
    assert_eq!(fetch(&world, 1).await.1, bytes, "not signed again");
    world.advance(1);
    let (second, _) = fetch(&world, 1).await;
    assert_eq!((second.seq, second.iat), (1, UnixTime(START.0 + 43_200)));
    assert_eq!(second.prompt_keys, first.prompt_keys);
}

#[tokio::test]
async fn a_change_of_content_takes_the_next_number() {
    let mut world = World::new().await;
    fetch(&world, 0).await;
    let renamed = {
        let World { app, router, .. } = &mut world;
        *router = axum::Router::new();
        let app_mut = std::sync::Arc::get_mut(app).expect("the router held the other reference");
        app_mut.config.name = "Another name".into();
        crate::http::router(std::sync::Arc::clone(app))
    };
    world.router = renamed;
    let (metadata, _) = fetch(&world, 1).await;
    assert_eq!(metadata.seq, 2);
    assert_eq!(metadata.name, "Another name");
}
