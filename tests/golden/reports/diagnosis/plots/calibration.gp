# Calibration of scores
# Above the diagonal scores promise too little, below it too much. Numbers: detections in the bin; bars: 95 % interval of the share.
# Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report diagnosis.jsonl -o DIR
# 'gnuplot calibration.gp' in this folder draws calibration.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 860,465 font 'DejaVu Sans,9'
    set output 'calibration.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Calibration of scores' at screen 0.01395, screen 0.95484 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'Above the diagonal scores promise too little, below it too much. Numbers: detections in the bin; bars: 95 % interval of the share.' at screen 0.01395, screen 0.06452 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report diagnosis.jsonl -o DIR' at screen 0.01395, screen 0.03441 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set object rectangle from screen 0.01395, screen 0.90896 to screen 0.03488, screen 0.91326 front fillcolor rgb '#0072b2' fillstyle solid noborder
set label '' at screen 0.02442, screen 0.91111 front point pointtype 7 pointsize 0.8 linecolor rgb '#0072b2'
set label 'first' at screen 0.04070, screen 0.91111 noenhanced

# Calibration of scores
set lmargin at screen 0.07279
set rmargin at screen 0.96744
set tmargin at screen 0.86882
set bmargin at screen 0.18065
unset logscale x
set xrange [0 :1 ]
set xtics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set xlabel 'Mean score of the detections in a bin' noenhanced
unset logscale y
set yrange [0 :1 ]
set ytics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set ylabel 'Share that is right, IoU 0.5' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
set label '1' at 0.15 , 0  right offset character -0.7, 0.5 front noenhanced textcolor rgb '#000000'
set label '1' at 0.35 , 0  right offset character -0.7, 0.5 front noenhanced textcolor rgb '#000000'
set label '1' at 0.65 , 1  right offset character -0.7, 0.5 front noenhanced textcolor rgb '#000000'
set label '1' at 0.75 , 1  right offset character -0.7, 0.5 front noenhanced textcolor rgb '#000000'
set label '1' at 0.85 , 0  right offset character -0.7, 0.5 front noenhanced textcolor rgb '#000000'
set label '1' at 0.95 , 1  right offset character -0.7, 0.5 front noenhanced textcolor rgb '#000000'
plot 'calibration.dat' index 0 using 1:2 with lines linewidth 1.6 dashtype 2 linecolor rgb '#b0b0b0' notitle, \
     'calibration.dat' index 1 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle, \
     'calibration.dat' index 1 using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'calibration.dat' index 1 using 1:2:5:6 with yerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle
unset label
unset object

unset multiplot
