//! The pages that people read in the repository: every file that they link to or show is there, and every picture
//! that is kept for them is shown.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::project::Project;

/// Pages and folders of pages, from the checkout's root.
const PAGES: [&str; 5] = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "docs",
    "ui/README.md",
];
const PICTURES: &str = "docs/images";

/// The targets of links and images that are files of the repository, without the part after `#`.
fn relative_targets(page: &str) -> BTreeSet<&str> {
    let mut in_code = false;
    let mut targets = BTreeSet::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            for (opening, closing) in [
                ("](", ')'),
                ("src=\"", '"'),
                ("srcset=\"", '"'),
                ("href=\"", '"'),
            ] {
                let after = line.split(opening).skip(1);
                targets.extend(after.filter_map(|rest| rest.split(closing).next()));
            }
        }
    }
    let outside = |target: &&str| !target.contains("://") && !target.starts_with("mailto:");
    targets
        .into_iter()
        .filter(outside)
        .filter_map(|target| target.split('#').next())
        .filter(|target| !target.is_empty())
        .collect()
}

/// The page itself, or the pages in the folder and those in it.
fn pages(path: PathBuf) -> Vec<PathBuf> {
    if path.is_dir() {
        return files(&path).into_iter().flat_map(pages).collect();
    }
    let is_page = path.extension().is_some_and(|end| end == "md");
    if is_page { vec![path] } else { Vec::new() }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_link_and_every_picture_leads_to_a_file() {
    let root = Project::find().unwrap().root;
    let mut linked = BTreeSet::new();
    let mut missing = Vec::new();
    for page in PAGES.iter().flat_map(|page| pages(root.join(page))) {
        let text = fs::read_to_string(&page).unwrap();
        for target in relative_targets(&text) {
            match fs::canonicalize(page.with_file_name(target)) {
                Ok(file) => drop(linked.insert(file)),
                Err(_) => missing.push(format!("{}: {target}", page.display())),
            }
        }
    }
    assert!(linked.len() > 10, "links are found: {linked:?}");
    assert!(missing.is_empty(), "lead nowhere:\n{}", missing.join("\n"));
    let pictures = files(&root.join(PICTURES)).into_iter().flat_map(|path| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    });
    for picture in pictures {
        let shown = linked.contains(&fs::canonicalize(&picture).unwrap());
        assert!(shown, "no page shows {}", picture.display());
    }
}

#[test]
fn finds_links_and_pictures_and_leaves_code_and_other_sites_alone() {
    let page = "See [one](docs/one.md#part) and [two](../two.md); [top](#top) is [here](https://a.example/b.md).\n\
                <img src=\"images/a.png\" alt=\"A\"> ![B](images/b.png)\n```\n[code](code.md)\n```\n[last](last.md)";
    let expected = [
        "../two.md",
        "docs/one.md",
        "images/a.png",
        "images/b.png",
        "last.md",
    ];
    assert_eq!(relative_targets(page), expected.into());
}
