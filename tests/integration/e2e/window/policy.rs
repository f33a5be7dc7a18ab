//! The window's content security policy: what it refuses is seen, so that a test which sees nothing means something.

use crate::{
    app::{App, turn},
    world::World,
};

#[tokio::test]
async fn what_the_policy_refuses_in_the_window_is_noticed_and_fails_whoever_closes_it() {
    let _turn = turn().await;
    let world = World::start().await;
    let app = App::start(&world, "policy").await;
    let window = app.open().await;
    assert!(window.refused().await.unwrap().is_empty());
    for (script, directive) in [
        (
            "document.body.append(Object.assign(document.createElement('style'), { textContent: 'p {}' }))",
            "style-src",
        ),
        (
            "try { document.createElement('p').innerHTML = '<b>text</b>' } catch {}",
            "require-trusted-types-for",
        ),
        (
            "fetch('https://id.example/').catch(() => {})",
            "connect-src",
        ),
    ] {
        window.session().run_script(script, &[]).await.unwrap();
        window.await_refusal(directive).await.unwrap();
    }
    let error = window.close().await.unwrap_err().to_string();
    for directive in ["style-src", "require-trusted-types-for", "connect-src"] {
        assert!(error.contains(directive), "{error}");
    }
}
