#!/bin/sh
# The plain way, to measure vigbook beside: what a team would put together of the tools that are there.
#
#     benchmarks/plain.sh FAMILY...
#
# For each family in turn: ffmpeg cuts each clip and takes each still of cycle-1/marks.txt, the
# papermill command runs a notebook written by hand, nbconvert makes a web page of it and Chromium
# prints that. Everything goes into cycle-1/plain. Each tool is used with its defaults.
#
# FFMPEG, CHROMIUM: the programs. ENCODER: x264's options, where its defaults are not wanted.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
ffmpeg=${FFMPEG:-ffmpeg}
chromium=${CHROMIUM:-chromium}

for family in "$@"; do
  cycle=$family/cycle-1
  film=$cycle/film.mp4
  out=$cycle/plain
  mkdir -p "$out"
  while read -r name start length; do
    if [ "$length" = still ]; then
      "$ffmpeg" -y -v error -nostdin -ss "$start" -i "$film" -frames:v 1 "$out/$name.jpg"
    else
      # shellcheck disable=SC2086  # several options, or none
      "$ffmpeg" -y -v error -nostdin -ss "$start" -i "$film" -t "$length" -c:v libx264 \
        ${ENCODER:-} "$out/$name.mp4"
    fi
  done <"$cycle/marks.txt"
  papermill "$here/plain.ipynb" "$out/review.ipynb" --cwd "$out" -p case ../.. -p cycle 1 \
    --no-progress-bar --log-level ERROR
  jupyter nbconvert --to html --log-level ERROR "$out/review.ipynb"
  "$chromium" --headless --no-sandbox --print-to-pdf="$out/review.pdf" \
    "file://$(CDPATH='' cd -- "$out" && pwd)/review.html" 2>/dev/null
done
