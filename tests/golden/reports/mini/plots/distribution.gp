# Distribution of latencies
# End to end, every sample counts. Quantiles are samples (inverse distribution function).
# Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report mini.jsonl -o DIR
# 'gnuplot distribution.gp' in this folder draws distribution.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 720,219 font 'DejaVu Sans,9'
    set output 'distribution.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Distribution of latencies' at screen 0.01667, screen 0.90411 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'End to end, every sample counts. Quantiles are samples (inverse distribution function).' at screen 0.01667, screen 0.13699 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report mini.jsonl -o DIR' at screen 0.01667, screen 0.07306 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set object rectangle from screen 0.01667, screen 0.78615 to screen 0.04722, screen 0.83638 front fillcolor rgb '#b0b0b0' fillstyle solid noborder
set label 'all samples' at screen 0.05417, screen 0.81126 noenhanced
set object rectangle from screen 0.17046, screen 0.78615 to screen 0.20101, screen 0.83638 front fillcolor rgb '#56b4e9' fillstyle solid noborder
set label '10 % to 90 %' at screen 0.20796, screen 0.81126 noenhanced
set object rectangle from screen 0.34218, screen 0.78615 to screen 0.37273, screen 0.83638 front fillcolor rgb '#0072b2' fillstyle solid noborder
set label '25 % to 75 %' at screen 0.37968, screen 0.81126 noenhanced
set label '' at screen 0.52918, screen 0.81126 front point pointtype 5 pointsize 0.8 linecolor rgb '#d55e00'
set label 'median and its 95 % interval' at screen 0.55140, screen 0.81126 noenhanced

# Distribution of latencies
set lmargin at screen 0.14001
set rmargin at screen 0.96111
set tmargin at screen 0.72146
set bmargin at screen 0.38356
unset logscale x
set xrange [0 :3.465 ]
set xtics scale 0.6 nomirror ('0' 0 , '1' 1 , '2' 2 , '3' 3 ) noenhanced
set xlabel 'Latency [ms], measured' noenhanced
unset logscale y
set yrange [1.5 :-0.5 ]
set ytics scale 0 nomirror ('tiny-a (n = 8)' 0 , 'tiny-b (n = 8)' 1 ) noenhanced
set ylabel '' noenhanced
set grid xtics noytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'distribution.dat' index 0 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#b0b0b0' notitle, \
     'distribution.dat' index 1 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#56b4e9' notitle, \
     'distribution.dat' index 2 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#0072b2' notitle, \
     'distribution.dat' index 3 using 1:2 with points pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle, \
     'distribution.dat' index 3 using 1:($3 == $3 ? $2 : 1/0):3:4 with xerrorbars pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle
unset label
unset object
unset arrow

unset multiplot
