# Memory: planned and measured
# Planned: computed before anything runs. Peak: resident memory of loading, building and running above the program's start.
# Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report mini.jsonl -o DIR
# 'gnuplot memory.gp' in this folder draws memory.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 860,247 font 'DejaVu Sans,9'
    set output 'memory.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Memory: planned and measured' at screen 0.01395, screen 0.91498 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'Planned: computed before anything runs. Peak: resident memory of loading, building and running above the program''s start.' at screen 0.01395, screen 0.12146 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report mini.jsonl -o DIR' at screen 0.01395, screen 0.06478 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set object rectangle from screen 0.01395, screen 0.81039 to screen 0.03488, screen 0.85493 front fillcolor rgb '#0072b2' fillstyle solid noborder
set label 'weights, planned' at screen 0.04070, screen 0.83266 noenhanced
set object rectangle from screen 0.19674, screen 0.81039 to screen 0.21767, screen 0.85493 front fillcolor rgb '#56b4e9' fillstyle solid noborder
set label 'activation arena, planned' at screen 0.22349, screen 0.83266 noenhanced
set object rectangle from screen 0.45488, screen 0.81039 to screen 0.47581, screen 0.85493 front fillcolor rgb '#009e73' fillstyle solid noborder
set label 'workspace, planned' at screen 0.48163, screen 0.83266 noenhanced
set object rectangle from screen 0.65442, screen 0.81039 to screen 0.67535, screen 0.85493 front fillcolor rgb '#d55e00' fillstyle solid noborder
set label 'peak, measured' at screen 0.68116, screen 0.83266 noenhanced

# Memory: planned and measured
set lmargin at screen 0.07349
set rmargin at screen 0.96744
set tmargin at screen 0.75304
set bmargin at screen 0.34008
unset logscale x
set xrange [0 :1.63650512695312 ]
set xtics scale 0.6 nomirror ('0.0' 0 , '0.5' 0.5 , '1.0' 1 , '1.5' 1.5 ) noenhanced
set xlabel 'Memory [MiB]' noenhanced
unset logscale y
set yrange [1.5 :-0.5 ]
set ytics scale 0 nomirror ('tiny-a' 0 , 'tiny-b' 1 ) noenhanced
set ylabel '' noenhanced
set grid xtics noytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
set label '0.381' at 0.19073486328125 , -0.2  center front noenhanced textcolor rgb '#ffffff'
set label '0.572' at 0.286102294921875 , 0.8  center front noenhanced textcolor rgb '#ffffff'
set label '0.477' at 0.619888305664062 , -0.2  center front noenhanced textcolor rgb '#000000'
set label '0.715' at 0.929832458496094 , 0.8  center front noenhanced textcolor rgb '#000000'
set label '1.05 MiB, 1.100 x planned' at 0.524520874023438 , 0.2  center front noenhanced textcolor rgb '#ffffff'
set label '1.57 MiB, 1.138 x planned' at 0.786781311035156 , 1.2  center front noenhanced textcolor rgb '#ffffff'
plot 'memory.dat' index 0 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#0072b2' notitle, \
     'memory.dat' index 1 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#56b4e9' notitle, \
     'memory.dat' index 2 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#009e73' notitle, \
     'memory.dat' index 3 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#d55e00' notitle
unset label
unset object

unset multiplot
