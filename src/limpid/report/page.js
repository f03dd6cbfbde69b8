"use strict";
const dark = matchMedia("(prefers-color-scheme: dark)");

function colours() {
  const style = getComputedStyle(document.documentElement);
  const line = style.getPropertyValue("--line").trim();
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: style.getPropertyValue("--text").trim(), family: "system-ui, sans-serif" },
    axis,
  };
}

function draw(chart) {
  const figure = JSON.parse(chart.querySelector("script").textContent);
  const { axis, ...layout } = colours();
  const narrow = chart.clientWidth < 480;
  Object.assign(figure.layout, layout, {
    template: undefined,
    autosize: true,
    height: figure.layout.height || 320,
    margin: { t: figure.data.length > 1 ? 40 : 15, r: 10, l: narrow ? 45 : 60, b: 50 },
    xaxis: { ...axis, ...figure.layout.xaxis },
    yaxis: { automargin: true, ...axis, ...figure.layout.yaxis },
  });
  const target = chart.querySelector("div");
  Plotly.react(target, figure.data, figure.layout, { displayModeBar: false, responsive: true });
}

const drawAll = () => document.querySelectorAll(".chart").forEach(draw);
dark.addEventListener("change", drawAll);
drawAll();
