# Accuracy against cost, latency and memory
# Up and to the left is better. Bars: 95 % intervals of accuracy and of the median latency, n = 8. Paper FLOPs: multi-adds (tf), as the paper's profiler counts them.
# Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report mini.jsonl -o DIR
# 'gnuplot accuracy.gp' in this folder draws accuracy.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 860,409 font 'DejaVu Sans,9'
    set output 'accuracy.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Accuracy against cost, latency and memory' at screen 0.01395, screen 0.94866 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'Up and to the left is better. Bars: 95 % intervals of accuracy and of the median latency, n = 8. Paper FLOPs: multi-adds (tf), as the' at screen 0.01395, screen 0.10758 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'paper''s profiler counts them.' at screen 0.01395, screen 0.07335 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report mini.jsonl -o DIR' at screen 0.01395, screen 0.03912 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set object rectangle from screen 0.01395, screen 0.89650 to screen 0.03488, screen 0.90139 front fillcolor rgb '#0072b2' fillstyle solid noborder
set label '' at screen 0.02442, screen 0.89894 front point pointtype 7 pointsize 0.8 linecolor rgb '#0072b2'
set label 'tiny-a' at screen 0.04070, screen 0.89894 noenhanced
set object rectangle from screen 0.11302, screen 0.89650 to screen 0.13395, screen 0.90139 front fillcolor rgb '#d55e00' fillstyle solid noborder
set label '' at screen 0.12349, screen 0.89894 front point pointtype 5 pointsize 0.8 linecolor rgb '#d55e00'
set label 'tiny-b' at screen 0.13977, screen 0.89894 noenhanced

# Accuracy against cost, latency and memory
set lmargin at screen 0.06442
set rmargin at screen 0.31938
set tmargin at screen 0.85086
set bmargin at screen 0.23961
set logscale x
set xrange [39.4290115255965 :62.0923504108302 ]
set xtics scale 0.6 nomirror ('40' 40 , '45' 45 , '50' 50 , '55' 55 , '60' 60 ) noenhanced
set xlabel 'Paper FLOPs [M], computed' noenhanced
unset logscale y
set yrange [18.94 :47.56 ]
set ytics scale 0.6 nomirror ('20' 20 , '25' 25 , '30' 30 , '35' 35 , '40' 40 , '45' 45 ) noenhanced
set ylabel 'AP or top-1, measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'accuracy.dat' index 0 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 0 using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 0 using 1:2:5:6 with yerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 1 using 1:2 with lines linewidth 1.6 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 1 using 1:2 with points pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 1 using 1:2:5:6 with yerrorbars pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle
unset label
unset object

# Accuracy against cost, latency and memory
set lmargin at screen 0.38845
set rmargin at screen 0.64341
set tmargin at screen 0.85086
set bmargin at screen 0.23961
set logscale x
set xrange [1.93051608543719 :3.40168105800207 ]
set xtics scale 0.6 nomirror ('2.0' 2 , '2.5' 2.5 , '3.0' 3 ) noenhanced
set xlabel 'Latency [ms], measured' noenhanced
unset logscale y
set yrange [18.94 :47.56 ]
set ytics scale 0.6 nomirror ('20' 20 , '25' 25 , '30' 30 , '35' 35 , '40' 40 , '45' 45 ) noenhanced
set ylabel 'AP or top-1, measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'accuracy.dat' index 2 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 2 using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 2 using 1:2:3:4 with xerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 2 using 1:2:5:6 with yerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 3 using 1:2 with lines linewidth 1.6 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 3 using 1:2 with points pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 3 using 1:2:3:4 with xerrorbars pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 3 using 1:2:5:6 with yerrorbars pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle
unset label
unset object

# Accuracy against cost, latency and memory
set lmargin at screen 0.71248
set rmargin at screen 0.96744
set tmargin at screen 0.85086
set bmargin at screen 0.23961
set logscale x
set xrange [1.0238286924399 :1.61231355978506 ]
set xtics scale 0.6 nomirror ('1.1' 1.1 , '1.2' 1.2 , '1.3' 1.3 , '1.4' 1.4 , '1.5' 1.5 , '1.6' 1.6 ) noenhanced
set xlabel 'Peak memory [MiB], measured' noenhanced
unset logscale y
set yrange [18.94 :47.56 ]
set ytics scale 0.6 nomirror ('20' 20 , '25' 25 , '30' 30 , '35' 35 , '40' 40 , '45' 45 ) noenhanced
set ylabel 'AP or top-1, measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'accuracy.dat' index 4 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 4 using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 4 using 1:2:5:6 with yerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'accuracy.dat' index 5 using 1:2 with lines linewidth 1.6 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 5 using 1:2 with points pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle, \
     'accuracy.dat' index 5 using 1:2:5:6 with yerrorbars pointtype 5 pointsize 0.8 linecolor rgb '#d55e00' notitle
unset label
unset object

unset multiplot
