# Average precision of each category
# In brackets: objects. Bars: 95 % interval, bootstrap over images. first on gt.json, n = 3 images.
# Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report diagnosis.jsonl -o DIR
# 'gnuplot categories.gp' in this folder draws categories.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 720,193 font 'DejaVu Sans,9'
    set output 'categories.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Average precision of each category' at screen 0.01667, screen 0.89119 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'In brackets: objects. Bars: 95 % interval, bootstrap over images. first on gt.json, n = 3 images.' at screen 0.01667, screen 0.15544 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report diagnosis.jsonl -o DIR' at screen 0.01667, screen 0.08290 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label '' at screen 0.03194, screen 0.78584 front point pointtype 7 pointsize 0.8 linecolor rgb '#0072b2'
set label 'first' at screen 0.05417, screen 0.78584 noenhanced

# Average precision of each category
set lmargin at screen 0.08804
set rmargin at screen 0.96111
set tmargin at screen 0.68394
set bmargin at screen 0.43523
unset logscale x
set xrange [0 :97.97019982467 ]
set xtics scale 0.6 nomirror ('0' 0 , '20' 20 , '40' 40 , '60' 60 , '80' 80 ) noenhanced
set xlabel 'AP, IoU 0.50:0.95 [points], measured' noenhanced
unset logscale y
set yrange [1.6 :-0.6 ]
set ytics scale 0 nomirror ('cat (2)' 0 , 'dog (2)' 1 ) noenhanced
set ylabel '' noenhanced
set grid xtics noytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
plot 'categories.dat' index 0 using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle, \
     'categories.dat' index 0 using 1:($3 == $3 ? $2 : 1/0):3:4 with xerrorbars pointtype 7 pointsize 0.8 linecolor rgb '#0072b2' notitle
unset label
unset object
unset arrow

unset multiplot
