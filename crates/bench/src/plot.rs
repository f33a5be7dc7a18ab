//! Pictures of a [`Plot`], as SVG.
//!
//! They are committed, so the same figures give the same bytes: no time, no random id, no font of this machine. Text is
//! placed by an estimate of its width and drawn by whoever shows the picture.

use anyhow::{Context as _, bail};
use plotters::{
    coord::{Shift, combinators::WithKeyPoints, ranged1d::ValueFormatter, types::RangedCoordf64},
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use std::ops::Range;

use crate::report::{Plot, PlotKind, Series, figure};

/// Width of every picture, in pixels; the height of those with lines follows from it.
const WIDTH: i32 = 760;
/// Height of the part with the axes, in pixels.
const LINES_HEIGHT: i32 = 340;
/// Height that one bar takes, in pixels, with the gap to the next.
const BAR_HEIGHT: i32 = 30;
/// Free space at every edge, in pixels.
const MARGIN: i32 = 14;
const TITLE_SIZE: i32 = 15;
const TEXT_SIZE: i32 = 12;
/// Height of a line of text for its size.
const LINE_SPACING: f64 = 1.4;
/// Width of a letter for the size of its text, on the average of sans-serif fonts.
const LETTER_WIDTH: f64 = 0.55;

/// Dark on white, so that the picture can be read on a light and on a dark page.
const INK: RGBColor = RGBColor(0x24, 0x29, 0x2f);
const GRID: RGBColor = RGBColor(0xd8, 0xde, 0xe4);
/// Colours that people with any kind of colour vision can tell apart (Okabe and Ito).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws a picture.
///
/// # Errors
/// The plot has no series, more than there are colours for, a series without a point, bars with more than one, or a
/// value that is not positive on a logarithmic axis.
pub fn svg(plot: &Plot) -> anyhow::Result<String> {
    check(plot).with_context(|| format!("the plot {}", plot.id))?;
    let heading = Heading::of(plot);
    let height = match plot.kind {
        PlotKind::Lines | PlotKind::LinesLogX => heading.height() + LINES_HEIGHT,
        // The axis and its name take about two bars.
        PlotKind::Bars => heading.height() + (count(plot.series.len()) + 2) * BAR_HEIGHT,
    };
    let mut text = String::new();
    let size = (WIDTH.unsigned_abs(), (height + MARGIN).unsigned_abs());
    let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
    draw(plot, &heading, &area).map_err(|error| anyhow::anyhow!("{}: {error}", plot.id))?;
    // What is drawn goes into the text when the area is dropped.
    drop(area);
    Ok(text)
}

fn check(plot: &Plot) -> anyhow::Result<()> {
    if plot.series.is_empty() {
        bail!("has no series");
    }
    for series in &plot.series {
        let name = &series.name;
        if series.points.is_empty() {
            bail!("{name:?} has no point");
        }
        match plot.kind {
            PlotKind::Bars if series.points.len() > 1 => bail!("{name:?} is more than one bar"),
            PlotKind::LinesLogX if series.points.iter().any(|(x, _)| *x <= 0.0) => {
                bail!("{name:?} has a point that a logarithmic axis has no place for")
            }
            PlotKind::Lines | PlotKind::LinesLogX if plot.series.len() > COLOURS.len() => {
                bail!("there are colours for {} series", COLOURS.len())
            }
            PlotKind::Bars | PlotKind::Lines | PlotKind::LinesLogX => {}
        }
    }
    Ok(())
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(plot: &Plot, heading: &Heading, area: &Area<'_>) -> Drawn {
    area.fill(&WHITE)?;
    heading.draw(area)?;
    let below = area.margin(heading.height(), MARGIN, MARGIN, MARGIN);
    match plot.kind {
        PlotKind::Bars => bars(plot, &below)?,
        PlotKind::Lines => lines(plot, &below, linear(&plot.series))?,
        PlotKind::LinesLogX => lines(plot, &below, logarithmic(&plot.series))?,
    }
    area.present()?;
    Ok(())
}

/// What stands above the axes.
struct Heading {
    title: Vec<String>,
    legend: Vec<Vec<(usize, String)>>,
}

impl Heading {
    fn of(plot: &Plot) -> Self {
        let inner = f64::from(WIDTH - 2 * MARGIN);
        let widest = (inner / (f64::from(TITLE_SIZE) * LETTER_WIDTH)) as usize;
        let legend = match plot.kind {
            // Each bar has its name beside it.
            PlotKind::Bars => Vec::new(),
            PlotKind::Lines | PlotKind::LinesLogX => legend_rows(&plot.series),
        };
        Self {
            title: wrapped(&plot.title, widest),
            legend,
        }
    }

    fn height(&self) -> i32 {
        MARGIN
            + count(self.title.len()) * line_height(TITLE_SIZE)
            + count(self.legend.len()) * line_height(TEXT_SIZE)
            + MARGIN / 2
    }

    fn draw(&self, area: &Area<'_>) -> Drawn {
        let mut y = MARGIN;
        for line in &self.title {
            area.draw(&Text::new(line.as_str(), (MARGIN, y), style(TITLE_SIZE)))?;
            y += line_height(TITLE_SIZE);
        }
        for row in &self.legend {
            let mut x = MARGIN;
            for (index, name) in row {
                let middle = y + TEXT_SIZE / 2;
                let mark = [(x, middle), (x + LEGEND_MARK, middle)];
                area.draw(&PathElement::new(mark, colour(*index).stroke_width(2)))?;
                let spot = (x + LEGEND_MARK / 2, middle);
                area.draw(&Circle::new(spot, 3, colour(*index).filled()))?;
                let at = (x + LEGEND_MARK + LEGEND_GAP, y);
                area.draw(&Text::new(name.as_str(), at, style(TEXT_SIZE)))?;
                x += legend_width(name);
            }
            y += line_height(TEXT_SIZE);
        }
        Ok(())
    }
}

const LEGEND_MARK: i32 = 22;
const LEGEND_GAP: i32 = 6;

fn legend_width(name: &str) -> i32 {
    LEGEND_MARK + 3 * LEGEND_GAP + text_width(name)
}

/// As many names in a row as fit.
fn legend_rows(series: &[Series]) -> Vec<Vec<(usize, String)>> {
    let mut rows: Vec<Vec<(usize, String)>> = Vec::new();
    let mut free = 0;
    for (index, series) in series.iter().enumerate() {
        let width = legend_width(&series.name);
        let entry = (index, series.name.clone());
        match rows.last_mut() {
            Some(row) if width <= free => row.push(entry),
            _ => {
                rows.push(vec![entry]);
                free = WIDTH - 2 * MARGIN;
            }
        }
        free -= width;
    }
    rows
}

/// Breaks a text at spaces into lines of at most `widest` letters; a longer word stays whole.
fn wrapped(text: &str, widest: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= widest => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn linear(series: &[Series]) -> RangedCoordf64 {
    let (least, most) = extent(series);
    let room = if most > least {
        (most - least) * 0.03
    } else {
        0.5
    };
    (least - room..most + room).into()
}

/// Ticks are where there are points: powers of ten say nothing about 16, 64 and 256 at once.
fn logarithmic(series: &[Series]) -> WithKeyPoints<LogCoord<f64>> {
    let (least, most) = extent(series);
    let mut places: Vec<f64> = points(series).map(|(x, _)| x).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let room = (most / least).powf(0.03).max(1.05);
    (least / room..most * room)
        .log_scale()
        .with_key_points(places)
}

fn points(series: &[Series]) -> impl Iterator<Item = (f64, f64)> {
    series.iter().flat_map(|one| one.points.iter().copied())
}

/// The least and the greatest horizontal value.
fn extent(series: &[Series]) -> (f64, f64) {
    points(series).fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(least, most), (x, _)| (least.min(x), most.max(x)),
    )
}

/// From zero, so that heights and lengths compare as the figures do.
fn from_zero(values: impl Iterator<Item = f64>) -> Range<f64> {
    let most = values.fold(0.0, f64::max);
    0.0..if most > 0.0 { most * 1.08 } else { 1.0 }
}

fn lines<X>(plot: &Plot, area: &Area<'_>, x: X) -> Drawn
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let y = from_zero(points(&plot.series).map(|(_, y)| y));
    let widest = text_width(&tick(y.end)).max(text_width("000"));
    let mut chart = ChartBuilder::on(area)
        .x_label_area_size(44)
        .y_label_area_size(widest + 34)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(INK)
        .label_style(style(TEXT_SIZE))
        .axis_desc_style(style(TEXT_SIZE))
        .x_desc(plot.x.as_str())
        .y_desc(plot.y.as_str())
        .x_label_formatter(&|value| tick(*value))
        .y_label_formatter(&|value| tick(*value))
        .y_labels(6)
        .draw()?;
    for (index, series) in plot.series.iter().enumerate() {
        let colour = colour(index);
        chart.draw_series(LineSeries::new(
            series.points.iter().copied(),
            colour.stroke_width(2),
        ))?;
        let spots = series.points.iter();
        chart.draw_series(spots.map(|point| Circle::new(*point, 3, colour.filled())))?;
    }
    Ok(())
}

fn bars(plot: &Plot, area: &Area<'_>) -> Drawn {
    let names = plot.series.iter().map(|series| text_width(&series.name));
    let names = names.max().unwrap_or_default().min(WIDTH / 2);
    let values = from_zero(points(&plot.series).map(|(_, value)| value));
    let most = values.end;
    let mut chart = ChartBuilder::on(area)
        .x_label_area_size(44)
        .y_label_area_size(names + 12)
        // For the figure behind the longest bar.
        .margin_right(48)
        .build_cartesian_2d(values, 0.0..plot.series.len() as f64)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(0)
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(INK)
        .label_style(style(TEXT_SIZE))
        .axis_desc_style(style(TEXT_SIZE))
        .x_desc(plot.y.as_str())
        .x_label_formatter(&|value| tick(*value))
        .draw()?;
    let beside = |side| style(TEXT_SIZE).pos(Pos::new(side, VPos::Center));
    for (index, series) in plot.series.iter().enumerate() {
        // The first is on top.
        let middle = plot.series.len() as f64 - index as f64 - 0.5;
        let value = series.points.first().map_or(0.0, |(_, value)| *value);
        let corners = [(0.0, middle - 0.32), (value.min(most), middle + 0.32)];
        chart.draw_series([Rectangle::new(corners, colour(0).filled())])?;
        let name = Text::new(series.name.clone(), (-8, 0), beside(HPos::Right));
        chart.draw_series([EmptyElement::at((0.0, middle)) + name])?;
        let text = Text::new(figure(value), (6, 0), beside(HPos::Left));
        chart.draw_series([EmptyElement::at((value, middle)) + text])?;
    }
    Ok(())
}

/// A figure without digits that say nothing: 2, not 2.00.
fn tick(value: f64) -> String {
    let text = figure(value);
    if text.contains('.') {
        let text = text.trim_end_matches('0').trim_end_matches('.');
        return text.to_owned();
    }
    text
}

fn colour(index: usize) -> RGBColor {
    COLOURS.get(index % COLOURS.len()).copied().unwrap_or(INK)
}

fn style(size: i32) -> TextStyle<'static> {
    // The backend divides by this, taking the size for that of a line.
    const OF_BACKEND: f64 = 1.24;
    ("sans-serif", f64::from(size) * OF_BACKEND)
        .into_font()
        .color(&INK)
}

fn line_height(size: i32) -> i32 {
    (f64::from(size) * LINE_SPACING) as i32
}

fn text_width(text: &str) -> i32 {
    (f64::from(count(text.chars().count())) * f64::from(TEXT_SIZE) * LETTER_WIDTH) as i32
}

/// Far below the greatest `i32`: lines, letters and bars of a picture.
fn count(things: usize) -> i32 {
    i32::try_from(things).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(kind: PlotKind, series: &[(&str, &[(f64, f64)])]) -> Plot {
        Plot {
            id: "example".to_owned(),
            title: "What is <seen> & how".to_owned(),
            x: "in flight".to_owned(),
            y: "operations (1/s)".to_owned(),
            kind,
            series: series
                .iter()
                .map(|(name, points)| Series {
                    name: (*name).to_owned(),
                    points: points.to_vec(),
                })
                .collect(),
        }
    }

    #[test]
    fn every_kind_shows_its_title_its_axes_and_its_names() {
        let points: &[(f64, f64)] = &[(1.0, 400.0), (16.0, 5_000.0), (256.0, 21_000.0)];
        for (kind, series) in [
            (PlotKind::LinesLogX, vec![("one", points), ("two", points)]),
            (PlotKind::Lines, vec![("one", points), ("two", points)]),
            (
                PlotKind::Bars,
                vec![("one", &points[..1]), ("two", &points[..1])],
            ),
        ] {
            let plot = plot(kind, &series);
            let picture = svg(&plot).unwrap();
            assert!(picture.starts_with("<svg "), "{picture}");
            assert!(picture.ends_with("</svg>\n"), "{picture}");
            for text in [
                "What is &lt;seen&gt; &amp; how",
                "operations (1/s)",
                "one",
                "two",
            ] {
                assert!(picture.contains(text), "{kind:?} lacks {text:?}: {picture}");
            }
            assert_eq!(
                picture,
                svg(&plot).unwrap(),
                "{kind:?} is drawn the same again"
            );
        }
    }

    #[test]
    fn a_logarithmic_axis_is_marked_where_points_are() {
        let points = [(1.0, 1.0), (16.0, 2.0), (64.0, 3.0)];
        let picture = svg(&plot(PlotKind::LinesLogX, &[("one", &points)])).unwrap();
        for place in ["\n16\n", "\n64\n"] {
            assert!(picture.contains(place), "{place:?} in {picture}");
        }
    }

    #[test]
    fn points_that_are_all_zero_or_all_at_one_place_can_be_drawn() {
        for kind in [PlotKind::LinesLogX, PlotKind::Lines, PlotKind::Bars] {
            svg(&plot(kind, &[("one", &[(1.0, 0.0)])])).unwrap();
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        let two: &[(f64, f64)] = &[(0.0, 1.0), (1.0, 1.0)];
        let many = [("one", two); COLOURS.len() + 1];
        for (plot, reason) in [
            (plot(PlotKind::Lines, &[]), "no series"),
            (plot(PlotKind::Lines, &[("one", &[])]), "no point"),
            (plot(PlotKind::Bars, &[("one", two)]), "more than one bar"),
            (plot(PlotKind::LinesLogX, &[("one", two)]), "no place"),
            (plot(PlotKind::Lines, &many), "colours"),
        ] {
            let error = format!("{:#}", svg(&plot).expect_err(reason));
            assert!(
                error.contains(reason) && error.contains("example"),
                "{error}"
            );
        }
    }

    #[test]
    fn long_titles_and_legends_are_broken_into_lines() {
        assert_eq!(wrapped("a bb  ccc dd", 6), ["a bb", "ccc dd"]);
        assert_eq!(wrapped("immeasurable", 3), ["immeasurable"]);
        let name = "x".repeat(100);
        let series = plot(PlotKind::Lines, &[("a", &[]), ("b", &[]), (&name, &[])]).series;
        let rows: Vec<usize> = legend_rows(&series).iter().map(Vec::len).collect();
        assert_eq!(rows, [2, 1]);
    }

    #[test]
    fn ticks_have_no_idle_zeros() {
        let texts = [0.0, 0.5, 2.0, 2.5, 20.0, 1500.0].map(tick);
        assert_eq!(texts, ["0", "0.5", "2", "2.5", "20", "1\u{202f}500"]);
    }
}
