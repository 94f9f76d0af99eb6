# Roofline: every step with multiply-adds
# Speed: 2 x multiply-adds / median time with its 95 % interval, n = 7. Intensity: FLOPs per byte of inputs, output and weights, each moved once; what caches hold may stand above the bandwidth. Winograd kernels compute fewer products than are counted, so they may stand above the peak. No roof is drawn: the machine's peak and bandwidth were not measured.
# Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report mini.jsonl -o DIR
# 'gnuplot roofline.gp' in this folder draws roofline.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 720,420 font 'DejaVu Sans,9'
    set output 'roofline.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Roofline: every step with multiply-adds' at screen 0.01667, screen 0.95000 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'tiny-a' at screen 0.07814, screen 0.84048 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'tiny-b' at screen 0.56148, screen 0.84048 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'Speed: 2 x multiply-adds / median time with its 95 % interval, n = 7. Intensity: FLOPs per byte of inputs, output and weights, each moved' at screen 0.01667, screen 0.13810 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'once; what caches hold may stand above the bandwidth. Winograd kernels compute fewer products than are counted, so they may stand' at screen 0.01667, screen 0.10476 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'above the peak. No roof is drawn: the machine''s peak and bandwidth were not measured.' at screen 0.01667, screen 0.07143 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report mini.jsonl -o DIR' at screen 0.01667, screen 0.03810 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label '' at screen 0.03194, screen 0.90159 front point pointtype 7 pointsize 0.8 linecolor rgb '#8c8c8c'
set label 'stem' at screen 0.05417, screen 0.90159 noenhanced
set label '' at screen 0.13337, screen 0.90159 front point pointtype 7 pointsize 0.8 linecolor rgb '#453781'
set label 'L2' at screen 0.15559, screen 0.90159 noenhanced
set label '' at screen 0.21297, screen 0.90159 front point pointtype 7 pointsize 0.8 linecolor rgb '#33638d'
set label 'L3' at screen 0.23519, screen 0.90159 noenhanced

# tiny-a
set lmargin at screen 0.07814
set rmargin at screen 0.47778
set tmargin at screen 0.81429
set bmargin at screen 0.26667
set logscale x
set xrange [35.6500375253498 :448.807381720785 ]
set xtics scale 0.6 nomirror ('50' 50 , '100' 100 , '200' 200 ) noenhanced
set xlabel 'Arithmetic intensity [FLOP/byte], computed' noenhanced
set logscale y
set yrange [36.0007322845347 :40.6267108080125 ]
set ytics scale 0.6 nomirror ('37' 37 , '38' 38 , '39' 39 , '40' 40 ) noenhanced
set ylabel 'Speed [GFLOP/s], measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'roofline.dat' index 0 using 1:2 with points pointtype 7 pointsize 0.6 linecolor rgb '#8c8c8c' notitle, \
     'roofline.dat' index 0 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars linewidth 0.6 pointtype 7 pointsize 0.6 linecolor rgb '#8c8c8c' notitle, \
     'roofline.dat' index 1 using 1:2 with points pointtype 7 pointsize 0.6 linecolor rgb '#453781' notitle, \
     'roofline.dat' index 1 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars linewidth 0.6 pointtype 7 pointsize 0.6 linecolor rgb '#453781' notitle, \
     'roofline.dat' index 2 using 1:2 with points pointtype 7 pointsize 0.6 linecolor rgb '#33638d' notitle, \
     'roofline.dat' index 2 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars linewidth 0.6 pointtype 7 pointsize 0.6 linecolor rgb '#33638d' notitle
unset label
unset object
unset arrow

# tiny-b
set lmargin at screen 0.56148
set rmargin at screen 0.96111
set tmargin at screen 0.81429
set bmargin at screen 0.26667
set logscale x
set xrange [35.6500375253498 :448.807381720785 ]
set xtics scale 0.6 nomirror ('50' 50 , '100' 100 , '200' 200 ) noenhanced
set xlabel 'Arithmetic intensity [FLOP/byte], computed' noenhanced
set logscale y
set yrange [36.0007322845347 :40.6267108080125 ]
set ytics scale 0.6 nomirror ('37' 37 , '38' 38 , '39' 39 , '40' 40 ) noenhanced
set ylabel 'Speed [GFLOP/s], measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'roofline.dat' index 3 using 1:2 with points pointtype 7 pointsize 0.6 linecolor rgb '#8c8c8c' notitle, \
     'roofline.dat' index 3 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars linewidth 0.6 pointtype 7 pointsize 0.6 linecolor rgb '#8c8c8c' notitle, \
     'roofline.dat' index 4 using 1:2 with points pointtype 7 pointsize 0.6 linecolor rgb '#453781' notitle, \
     'roofline.dat' index 4 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars linewidth 0.6 pointtype 7 pointsize 0.6 linecolor rgb '#453781' notitle, \
     'roofline.dat' index 5 using 1:2 with points pointtype 7 pointsize 0.6 linecolor rgb '#33638d' notitle, \
     'roofline.dat' index 5 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars linewidth 0.6 pointtype 7 pointsize 0.6 linecolor rgb '#33638d' notitle
unset label
unset object
unset arrow

unset multiplot
