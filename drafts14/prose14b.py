exec(open('/tmp/prose14.py').read())
s=open(p).read()
rep('''# ABLATION
''','''# Without the cycle loss twice as much is lost on the way there and back: the cycle error is 0.102 and 0.091 with the two seeds, compared with 0.043 and 0.044, and more of each garment is changed on the first way (0.153 and 0.146, compared with 0.110 and 0.108). In return the T-shirts convince more easily: 94 % and 91 % of the pullovers pass, compared with 50 % and 46 %. So the cycle loss holds the translators back, as it should, and at this early stage this is dearly paid for.
#
# Leaving out the identity loss or the pool changes less than another seed does in most columns, so that we cannot tell whether they help. (With the second seed the garments change a little more without the identity loss.) All four rows of the figure are still blurred after so few steps, and prints have begun to fade in each of them.
''')
rep('''# NEGATIVE
''','''# Without the identity loss the translators stay with the negatives: bright T-shirts become dark pullovers, and come back bright. A garment now changes by 0.361<!-- negative_change_mae -->, more than the difference of a random pair. Nothing in the other numbers gives this away. 86 %<!-- negative_to_pullover_percent --> pass as pullovers, and the cycle error of 0.033<!-- negative_cycle_mae --> is lower than with the ordinary start (0.043, same seed and number of steps). The identity loss does see the difference, since a pullover given to $G$ should come out as it is. But with our weight of 1 it has not changed anything after 240<!-- setting --> steps, and with a weight of 5 most garments are still reversed, and only a tenth of the pullovers pass as T-shirts.
#
# We have chosen this start on purpose. But in an earlier version of this chapter the layers began with the larger random weights that are Keras' default, and without the identity loss both of our seeds ended with negatives. Horses and zebras offer such choices, too. If you train a CycleGAN, look at its pictures, and not only at its losses.
''')
i=s.index('# ## What to remember\n# READ\n')
s=s.replace('# ## What to remember\n# READ\n','''# ## What to remember
# - CycleGAN learns to translate between two collections of images without pairs. Discriminators make the translations look like their domain, and the cycle loss ties each one to its original.
# - Where we know the right answer, it beats simple guesses, and is far from what the same network learns from pairs.
# - A small cycle loss does not mean that a translation is right. The outlines of our garments contain dots that tell the way back which gray is meant.
# - The loss can have several solutions of equal value. Our translators can be led to pullovers with reversed shades, which the classifier and the cycle loss accept.
# - The cycle loss keeps more of a garment. For the identity loss with weight 1 and the image pool our short comparison shows no effect.
''')
rep('''# 4. *(medium)* Give the translators of the outlines the reflection as a start: train them with reflected outlines first, and then with the real ones. Which solution do they end in, with and without the identity loss?
''','''# 4. *(medium)* Continue one of the trainings that started with negatives, with a weight of 5 for the identity loss and ten times as many steps. Does it find back?
''')
rep('''# 3. *(medium)* Add noise to the translations before they are translated back, in training. Is less hidden?
''','''# 3. *(medium)* In the task of the outlines, add noise to the translations before they are translated back in training. Do the dots disappear, and is the error against the true garments smaller?
''')
alt('title="Validation images; the first','Six rows of twelve images: outlines; garments filled with gray, some too dark; the results of the network trained on pairs, close to the garments in the fourth row; their translations to outlines, with a filling of gray dots; and garments again, with the right shades.')
alt('title="Validation images, their','Six rows of twelve images: T-shirts, the same with sleeves, and T-shirts again; pullovers, the same without sleeves, and pullovers again. Prints and shades stay.')
alt('title="Mean change of a translator','Four curves that rise almost linearly from 0 to 0.11 as the noise grows to 0.2; the two solid ones, for translations, lie a little below the dashed ones, for real images.')
alt('title="T-shirts as pullovers, by','Five rows of twelve images: T-shirts, and blurred pullovers by four variants, all in the shades of the T-shirts.')
alt('title="T-shirts as pullovers and back, after','Seven rows of twelve images: T-shirts; for each of three weights pullovers whose shades are reversed, somewhat less with the weight 5, and T-shirts in the original shades again.')
open(p,'w').write(s)
