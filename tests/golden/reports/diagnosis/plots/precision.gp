# Precision over recall
# Mean over categories, objects of all sizes; band: 95 % interval, bootstrap over images. first on gt.json, n = 3 images.
# Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report diagnosis.jsonl -o DIR
# 'gnuplot precision.gp' in this folder draws precision.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 720,382 font 'DejaVu Sans,9'
    set output 'precision.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Precision over recall' at screen 0.01667, screen 0.94503 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'IoU 0.50' at screen 0.08344, screen 0.82461 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'IoU 0.75' at screen 0.40567, screen 0.82461 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'IoU 0.50:0.95' at screen 0.72789, screen 0.82461 noenhanced font sprintf(',%g', 12 * px) textcolor rgb '#000000'
set label 'Mean over categories, objects of all sizes; band: 95 % interval, bootstrap over images. first on gt.json, n = 3 images.' at screen 0.01667, screen 0.07853 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report diagnosis.jsonl -o DIR' at screen 0.01667, screen 0.04188 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set arrow from screen 0.01667, screen 0.89180 to screen 0.04722, screen 0.89180 nohead front linewidth 1.6 linecolor rgb '#0072b2'
set label 'first' at screen 0.05417, screen 0.89180 noenhanced

# IoU 0.50
set lmargin at screen 0.08344
set rmargin at screen 0.31667
set tmargin at screen 0.79581
set bmargin at screen 0.21990
unset logscale x
set xrange [0 :1 ]
set xtics scale 0.6 nomirror ('0.0' 0 , '0.5' 0.5 , '1.0' 1 ) noenhanced
set xlabel 'Recall [0..1], measured' noenhanced
unset logscale y
set yrange [0 :1 ]
set ytics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set ylabel 'Precision [0..1], measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'precision.dat' index 0 using 1:5:6 with filledcurves fillstyle transparent solid 0.25 linecolor rgb '#0072b2' notitle, \
     'precision.dat' index 1 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle
unset label
unset object
unset arrow

# IoU 0.75
set lmargin at screen 0.40567
set rmargin at screen 0.63889
set tmargin at screen 0.79581
set bmargin at screen 0.21990
unset logscale x
set xrange [0 :1 ]
set xtics scale 0.6 nomirror ('0.0' 0 , '0.5' 0.5 , '1.0' 1 ) noenhanced
set xlabel 'Recall [0..1], measured' noenhanced
unset logscale y
set yrange [0 :1 ]
set ytics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set ylabel 'Precision [0..1], measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'precision.dat' index 2 using 1:5:6 with filledcurves fillstyle transparent solid 0.25 linecolor rgb '#0072b2' notitle, \
     'precision.dat' index 3 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle
unset label
unset object
unset arrow

# IoU 0.50:0.95
set lmargin at screen 0.72789
set rmargin at screen 0.96111
set tmargin at screen 0.79581
set bmargin at screen 0.21990
unset logscale x
set xrange [0 :1 ]
set xtics scale 0.6 nomirror ('0.0' 0 , '0.5' 0.5 , '1.0' 1 ) noenhanced
set xlabel 'Recall [0..1], measured' noenhanced
unset logscale y
set yrange [0 :1 ]
set ytics scale 0.6 nomirror ('0.0' 0 , '0.2' 0.2 , '0.4' 0.4 , '0.6' 0.6 , '0.8' 0.8 , '1.0' 1 ) noenhanced
set ylabel 'Precision [0..1], measured' noenhanced
set grid xtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'precision.dat' index 4 using 1:5:6 with filledcurves fillstyle transparent solid 0.25 linecolor rgb '#0072b2' notitle, \
     'precision.dat' index 5 using 1:2 with lines linewidth 1.6 linecolor rgb '#0072b2' notitle
unset label
unset object
unset arrow

unset multiplot
