# Latency and memory against cost
# Down is better. Bars: 95 % intervals of the median latency, end to end, n = 8. Memory: peak of one run above its start, or planned where that is not visible. Paper FLOPs: multi-adds (tf), as the paper's profiler counts them.
# Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report mini.jsonl -o DIR
# 'gnuplot latency.gp' in this folder draws latency.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 720,459 font 'DejaVu Sans,9'
    set output 'latency.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Latency and memory against cost' at screen 0.01667, screen 0.95425 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'Down is better. Bars: 95 % intervals of the median latency, end to end, n = 8. Memory: peak of one run above its start, or planned where' at screen 0.01667, screen 0.09586 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'that is not visible. Paper FLOPs: multi-adds (tf), as the paper''s profiler counts them.' at screen 0.01667, screen 0.06536 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report mini.jsonl -o DIR' at screen 0.01667, screen 0.03486 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set arrow from screen 0.01667, screen 0.90995 to screen 0.04722, screen 0.90995 nohead front linewidth 1.6 linecolor rgb '#0072b2'
set label '' at screen 0.03194, screen 0.90995 front point pointtype 7 pointsize 0.8 linecolor rgb '#0072b2'
set label 'tiny-a' at screen 0.05417, screen 0.90995 noenhanced
set arrow from screen 0.12422, screen 0.90995 to screen 0.15478, screen 0.90995 nohead front linewidth 1.6 linecolor rgb '#d55e00'
set label '' at screen 0.13950, screen 0.90995 front point pointtype 5 pointsize 0.8 linecolor rgb '#d55e00'
set label 'tiny-b' at screen 0.16172, screen 0.90995 noenhanced

# Latency and memory against cost
set lmargin at screen 0.08344
set rmargin at screen 0.47778
set tmargin at screen 0.86710
set bmargin at screen 0.21351
set logscale x
set xrange [39.5892069586273 :61.8410973111568 ]
set xtics scale 0.6 nomirror ('40' 40 , '45' 45 , '50' 50 , '55' 55 , '60' 60 ) noenhanced
set xlabel 'Paper FLOPs [M], computed' noenhanced
set logscale y
set yrange [1.94030513589263 :3.38451920706733 ]
set ytics scale 0.6 nomirror ('2.0' 2 , '2.5' 2.5 , '3.0' 3 ) noenhanced
set ylabel 'Latency [ms], measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'latency.dat' index 0 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle, \
     'latency.dat' index 0 using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'latency.dat' index 0 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'latency.dat' index 1 using 1:2 with lines linewidth 1.6 linecolor rgb '#d55e00' notitle, \
     'latency.dat' index 1 using 1:2 with points pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle, \
     'latency.dat' index 1 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle
unset label
unset object
unset arrow

# Latency and memory against cost
set lmargin at screen 0.56678
set rmargin at screen 0.96111
set tmargin at screen 0.86710
set bmargin at screen 0.21351
set logscale x
set xrange [39.5892069586273 :61.8410973111568 ]
set xtics scale 0.6 nomirror ('40' 40 , '45' 45 , '50' 50 , '55' 55 , '60' 60 ) noenhanced
set xlabel 'Paper FLOPs [M], computed' noenhanced
set logscale y
set yrange [1.02798838791257 :1.60578942634735 ]
set ytics scale 0.6 nomirror ('1.1' 1.1 , '1.2' 1.2 , '1.3' 1.3 , '1.4' 1.4 , '1.5' 1.5 , '1.6' 1.6 ) noenhanced
set ylabel 'Peak memory [MiB], measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'latency.dat' index 2 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle, \
     'latency.dat' index 2 using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'latency.dat' index 3 using 1:2 with lines linewidth 1.6 linecolor rgb '#d55e00' notitle, \
     'latency.dat' index 3 using 1:2 with points pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle
unset label
unset object
unset arrow

unset multiplot
