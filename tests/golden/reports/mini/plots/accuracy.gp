# Accuracy against cost, latency and memory
# n: images. Up and to the left is better. Bars: 95 % intervals of accuracy and of the median latency, n = 8. Paper FLOPs: multi-adds (tf), as the paper's profiler counts them. AP on embedded: untrained weights.
# Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report mini.jsonl -o DIR
# 'gnuplot accuracy.gp' in this folder draws accuracy.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 720,396 font 'DejaVu Sans,9'
    set output 'accuracy.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Accuracy against cost, latency and memory' at screen 0.01667, screen 0.94697 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'AP on embedded, n = 24' at screen 0.07814, screen 0.83081 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'n: images. Up and to the left is better. Bars: 95 % intervals of accuracy and of the median latency, n = 8. Paper FLOPs: multi-adds (tf), as' at screen 0.01667, screen 0.11111 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'the paper''s profiler counts them. AP on embedded: untrained weights.' at screen 0.01667, screen 0.07576 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report mini.jsonl -o DIR' at screen 0.01667, screen 0.04040 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set arrow from screen 0.01667, screen 0.89562 to screen 0.04722, screen 0.89562 nohead front linewidth 1.6 linecolor rgb '#0072b2'
set label '' at screen 0.03194, screen 0.89562 front point pointtype 7 pointsize 0.8 linecolor rgb '#0072b2'
set label 'tiny-a' at screen 0.05417, screen 0.89562 noenhanced
set arrow from screen 0.12422, screen 0.89562 to screen 0.15478, screen 0.89562 nohead front linewidth 1.6 linecolor rgb '#d55e00'
set label '' at screen 0.13950, screen 0.89562 front point pointtype 5 pointsize 0.8 linecolor rgb '#d55e00'
set label 'tiny-b' at screen 0.16172, screen 0.89562 noenhanced

# AP on embedded, n = 24
set lmargin at screen 0.07814
set rmargin at screen 0.31667
set tmargin at screen 0.80303
set bmargin at screen 0.24747
set logscale x
set xrange [39.5892069586273 :61.8410973111568 ]
set xtics scale 0.6 nomirror ('40' 40 , '50' 50 , '60' 60 ) noenhanced
set xlabel 'Paper FLOPs [M], computed' noenhanced
unset logscale y
set yrange [18.675 :47.825 ]
set ytics scale 0.6 nomirror ('20' 20 , '25' 25 , '30' 30 , '35' 35 , '40' 40 , '45' 45 ) noenhanced
set ylabel 'AP [points], measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'accuracy.dat' index 0 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 0 using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 0 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 1 using 1:2 with lines linewidth 1.6 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 1 using 1:2 with points pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 1 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle
unset label
unset object
unset arrow

# Accuracy against cost, latency and memory
set lmargin at screen 0.40037
set rmargin at screen 0.63889
set tmargin at screen 0.80303
set bmargin at screen 0.24747
set logscale x
set xrange [1.94030513589263 :3.38451920706733 ]
set xtics scale 0.6 nomirror ('2.0' 2 , '2.5' 2.5 , '3.0' 3 ) noenhanced
set xlabel 'Latency [ms], measured' noenhanced
unset logscale y
set yrange [18.675 :47.825 ]
set ytics scale 0.6 nomirror ('20' 20 , '25' 25 , '30' 30 , '35' 35 , '40' 40 , '45' 45 ) noenhanced
set ylabel 'AP [points], measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'accuracy.dat' index 2 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 2 using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 2 using 1:($3 == $3 ? $2 : 1/0):3:4 with xerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 2 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 3 using 1:2 with lines linewidth 1.6 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 3 using 1:2 with points pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 3 using 1:($3 == $3 ? $2 : 1/0):3:4 with xerrorbars pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 3 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle
unset label
unset object
unset arrow

# Accuracy against cost, latency and memory
set lmargin at screen 0.72259
set rmargin at screen 0.96111
set tmargin at screen 0.80303
set bmargin at screen 0.24747
set logscale x
set xrange [1.02798838791257 :1.60578942634735 ]
set xtics scale 0.6 nomirror ('1.2' 1.2 , '1.4' 1.4 , '1.6' 1.6 ) noenhanced
set xlabel 'Peak memory [MiB], measured' noenhanced
unset logscale y
set yrange [18.675 :47.825 ]
set ytics scale 0.6 nomirror ('20' 20 , '25' 25 , '30' 30 , '35' 35 , '40' 40 , '45' 45 ) noenhanced
set ylabel 'AP [points], measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'accuracy.dat' index 4 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 4 using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 4 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 5 using 1:2 with lines linewidth 1.6 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 5 using 1:2 with points pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 5 using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle
unset label
unset object
unset arrow

unset multiplot
