# Share of each level in cost, time and memory
# Time: median of each level's sum over its steps and its 95 % interval, n = 7 repetitions. Outputs: bytes that the level's steps write; the planned arena is smaller, because levels reuse memory.
# Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report mini.jsonl -o DIR
# 'gnuplot levels.gp' in this folder draws levels.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 720,599 font 'DejaVu Sans,9'
    set output 'levels.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Share of each level in cost, time and memory' at screen 0.01667, screen 0.96494 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'Multiply-adds [M], computed' at screen 0.07598, screen 0.88815 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'Time [ms], measured' at screen 0.07598, screen 0.68447 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'Memory of weights [KiB], computed' at screen 0.07598, screen 0.48080 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'Memory of outputs [MiB], computed' at screen 0.07598, screen 0.27713 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'Time: median of each level''s sum over its steps and its 95 % interval, n = 7 repetitions. Outputs: bytes that the level''s steps write; the' at screen 0.01667, screen 0.07346 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'planned arena is smaller, because levels reuse memory.' at screen 0.01667, screen 0.05008 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report mini.jsonl -o DIR' at screen 0.01667, screen 0.02671 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set object rectangle from screen 0.01667, screen 0.92181 to screen 0.04722, screen 0.94018 front fillcolor rgb '#8c8c8c' fillstyle solid noborder
set label 'stem' at screen 0.05417, screen 0.93100 noenhanced
set object rectangle from screen 0.11809, screen 0.92181 to screen 0.14864, screen 0.94018 front fillcolor rgb '#453781' fillstyle solid noborder
set label 'L2' at screen 0.15559, screen 0.93100 noenhanced
set object rectangle from screen 0.19769, screen 0.92181 to screen 0.22825, screen 0.94018 front fillcolor rgb '#33638d' fillstyle solid noborder
set label 'L3' at screen 0.23519, screen 0.93100 noenhanced
set arrow from screen 0.27730, screen 0.93100 to screen 0.30786, screen 0.93100 nohead front linewidth 1.6 linecolor rgb '#000000'
set label '95 % interval' at screen 0.31480, screen 0.93100 noenhanced

# Multiply-adds [M], computed
set lmargin at screen 0.07598
set rmargin at screen 0.96111
set tmargin at screen 0.86978
set bmargin at screen 0.74624
unset logscale x
set xrange [0 :70.8 ]
set xtics scale 0.6 nomirror ('0' 0 , '20' 20 , '40' 40 , '60' 60 ) noenhanced
set xlabel '' noenhanced
unset logscale y
set yrange [1.5 :-0.5 ]
set ytics scale 0 nomirror ('tiny-a' 0 , 'tiny-b' 1 ) noenhanced
set ylabel '' noenhanced
set grid xtics noytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
set label 'L2 30%' at 10 , 0  center front noenhanced textcolor rgb '#ffffff'
set label 'L2 30%' at 15 , 1  center front noenhanced textcolor rgb '#ffffff'
set label 'L3 60%' at 28 , 0  center front noenhanced textcolor rgb '#ffffff'
set label 'L3 60%' at 42 , 1  center front noenhanced textcolor rgb '#ffffff'
set label '40.0 M' at screen 0.58439, screen 0.83890 left front noenhanced textcolor rgb '#000000'
set label '60.0 M' at screen 0.83442, screen 0.77713 left front noenhanced textcolor rgb '#000000'
plot 'levels.dat' index 0 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#8c8c8c' notitle, \
     'levels.dat' index 1 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#453781' notitle, \
     'levels.dat' index 2 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#33638d' notitle
unset label
unset object
unset arrow

# Time [ms], measured
set lmargin at screen 0.07598
set rmargin at screen 0.96111
set tmargin at screen 0.66611
set bmargin at screen 0.54257
unset logscale x
set xrange [0 :3.78425882 ]
set xtics scale 0.6 nomirror ('0' 0 , '1' 1 , '2' 2 , '3' 3 ) noenhanced
set xlabel '' noenhanced
unset logscale y
set yrange [1.5 :-0.5 ]
set ytics scale 0 nomirror ('tiny-a' 0 , 'tiny-b' 1 ) noenhanced
set ylabel '' noenhanced
set grid xtics noytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
set label 'L2 30%' at 0.5075 , 0  center front noenhanced textcolor rgb '#ffffff'
set label 'L2 30%' at 0.7612495 , 1  center front noenhanced textcolor rgb '#ffffff'
set label 'L3 60%' at 1.421 , 0  center front noenhanced textcolor rgb '#ffffff'
set label 'L3 60%' at 2.131499 , 1  center front noenhanced textcolor rgb '#ffffff'
set label '2.03 ms' at screen 0.58439, screen 0.63523 left front noenhanced textcolor rgb '#000000'
set label '3.04 ms' at screen 0.83442, screen 0.57346 left front noenhanced textcolor rgb '#000000'
plot 'levels.dat' index 3 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#8c8c8c' notitle, \
     'levels.dat' index 4 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#453781' notitle, \
     'levels.dat' index 5 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#33638d' notitle, \
     'levels.dat' index 6 using 3:2:($4-$3):(0) with vectors heads size screen 0.004,90 linecolor rgb '#000000' notitle
unset label
unset object
unset arrow

# Memory of weights [KiB], computed
set lmargin at screen 0.07598
set rmargin at screen 0.96111
set tmargin at screen 0.46244
set bmargin at screen 0.33890
unset logscale x
set xrange [0 :691.40625 ]
set xtics scale 0.6 nomirror ('0' 0 , '200' 200 , '400' 400 , '600' 600 ) noenhanced
set xlabel '' noenhanced
unset logscale y
set yrange [1.5 :-0.5 ]
set ytics scale 0 nomirror ('tiny-a' 0 , 'tiny-b' 1 ) noenhanced
set ylabel '' noenhanced
set grid xtics noytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
set label 'L2 30%' at 97.65625 , 0  center front noenhanced textcolor rgb '#ffffff'
set label 'L2 30%' at 146.484375 , 1  center front noenhanced textcolor rgb '#ffffff'
set label 'L3 60%' at 273.4375 , 0  center front noenhanced textcolor rgb '#ffffff'
set label 'L3 60%' at 410.15625 , 1  center front noenhanced textcolor rgb '#ffffff'
set label '391 KiB' at screen 0.58439, screen 0.43155 left front noenhanced textcolor rgb '#000000'
set label '586 KiB' at screen 0.83442, screen 0.36978 left front noenhanced textcolor rgb '#000000'
plot 'levels.dat' index 7 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#8c8c8c' notitle, \
     'levels.dat' index 8 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#453781' notitle, \
     'levels.dat' index 9 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#33638d' notitle
unset label
unset object
unset arrow

# Memory of outputs [MiB], computed
set lmargin at screen 0.07598
set rmargin at screen 0.96111
set tmargin at screen 0.25876
set bmargin at screen 0.13523
unset logscale x
set xrange [0 :1.51920318603516 ]
set xtics scale 0.6 nomirror ('0.0' 0 , '0.5' 0.5 , '1.0' 1 , '1.5' 1.5 ) noenhanced
set xlabel '' noenhanced
unset logscale y
set yrange [1.5 :-0.5 ]
set ytics scale 0 nomirror ('tiny-a' 0 , 'tiny-b' 1 ) noenhanced
set ylabel '' noenhanced
set grid xtics noytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
set label 'L2 30%' at 0.214576721191406 , 0  center front noenhanced textcolor rgb '#ffffff'
set label 'L2 30%' at 0.321865081787109 , 1  center front noenhanced textcolor rgb '#ffffff'
set label 'L3 60%' at 0.600814819335938 , 0  center front noenhanced textcolor rgb '#ffffff'
set label 'L3 60%' at 0.901222229003906 , 1  center front noenhanced textcolor rgb '#ffffff'
set label '0.858 MiB' at screen 0.58439, screen 0.22788 left front noenhanced textcolor rgb '#000000'
set label '1.29 MiB' at screen 0.83442, screen 0.16611 left front noenhanced textcolor rgb '#000000'
plot 'levels.dat' index 10 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#8c8c8c' notitle, \
     'levels.dat' index 11 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#453781' notitle, \
     'levels.dat' index 12 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#33638d' notitle
unset label
unset object
unset arrow

unset multiplot
