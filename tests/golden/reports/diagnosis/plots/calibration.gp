# Calibration of scores
# Above the diagonal scores promise too little, below it too much. Numbers: detections in the bin; bars: 95 % interval of the share (Wilson). first on gt.json, n = 3 images.
# Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report diagnosis.jsonl -o DIR
# 'gnuplot calibration.gp' in this folder draws calibration.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 720,479 font 'DejaVu Sans,9'
    set output 'calibration.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Calibration of scores' at screen 0.01667, screen 0.95616 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'Above the diagonal scores promise too little, below it too much. Numbers: detections in the bin; bars: 95 % interval of the share (Wilson).' at screen 0.01667, screen 0.09186 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'first on gt.json, n = 3 images.' at screen 0.01667, screen 0.06263 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report diagnosis.jsonl -o DIR' at screen 0.01667, screen 0.03340 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set arrow from screen 0.01667, screen 0.91371 to screen 0.04722, screen 0.91371 nohead front linewidth 1.6 linecolor rgb '#0072b2'
set label '' at screen 0.03194, screen 0.91371 front point pointtype 7 pointsize 0.8 linecolor rgb '#0072b2'
set label 'first' at screen 0.05417, screen 0.91371 noenhanced

# Calibration of scores
set lmargin at screen 0.08344
set rmargin at screen 0.96111
set tmargin at screen 0.87265
set bmargin at screen 0.20459
unset logscale x
set xrange [0 :1 ]
set xtics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set xlabel 'Mean score of the detections in a bin [0..1], measured' noenhanced
unset logscale y
set yrange [0 :1 ]
set ytics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set ylabel 'Share that is right, IoU 0.5 [0..1], measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
set label '1' at screen 0.20311, screen 0.22651 left front noenhanced textcolor rgb '#000000'
set label '1' at screen 0.37864, screen 0.22651 left front noenhanced textcolor rgb '#000000'
set label '1' at screen 0.65532, screen 0.85073 left front noenhanced textcolor rgb '#000000'
set label '1' at screen 0.72971, screen 0.85073 left front noenhanced textcolor rgb '#000000'
set label '1' at screen 0.81747, screen 0.22651 left front noenhanced textcolor rgb '#000000'
set label '1' at screen 0.91862, screen 0.85073 left front noenhanced textcolor rgb '#000000'
plot 'calibration.dat' index 0 using 1:2 with lines linewidth 1.6 dashtype 2 linecolor rgb '#b0b0b0' notitle, \
     'calibration.dat' index 1 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle, \
     'calibration.dat' index 1 using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'calibration.dat' index 1 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle
unset label
unset object
unset arrow

unset multiplot
