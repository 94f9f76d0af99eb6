# Precision over recall
# Mean over the categories of gt.json, objects of all sizes; band: 95 % interval, bootstrap over images.
# Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report diagnosis.jsonl -o DIR
# 'gnuplot precision.gp' in this folder draws precision.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 860,382 font 'DejaVu Sans,9'
    set output 'precision.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Precision over recall' at screen 0.01395, screen 0.94503 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'IoU 0.50' at screen 0.07279, screen 0.82461 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'IoU 0.75' at screen 0.39682, screen 0.82461 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'IoU 0.50:0.95' at screen 0.72085, screen 0.82461 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'Mean over the categories of gt.json, objects of all sizes; band: 95 % interval, bootstrap over images.' at screen 0.01395, screen 0.07853 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report diagnosis.jsonl -o DIR' at screen 0.01395, screen 0.04188 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set object rectangle from screen 0.01395, screen 0.88918 to screen 0.03488, screen 0.89442 front fillcolor rgb '#0072b2' fillstyle solid noborder
set label 'first' at screen 0.04070, screen 0.89180 noenhanced

# IoU 0.50
set lmargin at screen 0.07279
set rmargin at screen 0.31938
set tmargin at screen 0.79581
set bmargin at screen 0.21990
unset logscale x
set xrange [0 :1 ]
set xtics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set xlabel 'Recall' noenhanced
unset logscale y
set yrange [0 :1 ]
set ytics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set ylabel 'Precision' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'precision.dat' index 0 using 1:5:6 with filledcurves fillstyle transparent solid 0.25 linecolor rgb '#0072b2' notitle, \
     'precision.dat' index 1 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle
unset label
unset object

# IoU 0.75
set lmargin at screen 0.39682
set rmargin at screen 0.64341
set tmargin at screen 0.79581
set bmargin at screen 0.21990
unset logscale x
set xrange [0 :1 ]
set xtics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set xlabel 'Recall' noenhanced
unset logscale y
set yrange [0 :1 ]
set ytics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set ylabel 'Precision' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'precision.dat' index 2 using 1:5:6 with filledcurves fillstyle transparent solid 0.25 linecolor rgb '#0072b2' notitle, \
     'precision.dat' index 3 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle
unset label
unset object

# IoU 0.50:0.95
set lmargin at screen 0.72085
set rmargin at screen 0.96744
set tmargin at screen 0.79581
set bmargin at screen 0.21990
unset logscale x
set xrange [0 :1 ]
set xtics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set xlabel 'Recall' noenhanced
unset logscale y
set yrange [0 :1 ]
set ytics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set ylabel 'Precision' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'precision.dat' index 4 using 1:5:6 with filledcurves fillstyle transparent solid 0.25 linecolor rgb '#0072b2' notitle, \
     'precision.dat' index 5 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle
unset label
unset object

unset multiplot
